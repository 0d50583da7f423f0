/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orrery conform: run a directory of third-party bare-metal tests (riscv-tests and
 * its like: one ELF a test, verdict through `tohost`) under the executors asked for,
 * and report as text, TAP (testanything.org) or JUnit XML.
 */
#include "tools/orrery/commands.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum report { REPORT_TEXT, REPORT_TAP, REPORT_JUNIT };
enum verdict { PASSED, FAILED, SKIPPED };

struct conform {
    const char *self, *directory, *filter, *cpu, *until;
    const char *execs[3];
    unsigned n_execs;
    enum report report;
    FILE *out;
    unsigned count[3], number;
};

/* Tests that are not run, and why: prefix of the name, reason. */
static const struct {
    const char *prefix, *reason;
} not_run[] = {
    { "rv32", "RV32 is not modelled" },
    { "rv64uv", "the V extension comes later" },
    { "rv64h", "the H extension comes later" },
};

static const char *reason_to_skip(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(not_run); i++)
        if (strncmp(name, not_run[i].prefix, strlen(not_run[i].prefix)) == 0)
            return not_run[i].reason;
    return NULL;
}

static bool is_elf(const char *path)
{
    char magic[4] = { 0 };
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool elf = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
               read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0;
    if (fd >= 0)
        close(fd);
    return elf;
}

/* Run one test; its last words (at most `size` bytes) go to `words`. Exit status, or 128 + signal. */
static int run_test(const struct conform *c, const char *path, const char *exec, char *words,
                    size_t size)
{
    int pipes[2], status = 0;
    size_t used = 0;

    if (pipe(pipes) < 0)
        return 127;
    pid_t pid = fork();
    if (pid == 0) {
        int in = open("/dev/null", O_RDONLY);
        if (in >= 0 && dup2(in, 0) >= 0 && dup2(pipes[1], 1) >= 0 && dup2(pipes[1], 2) >= 0) {
            close(pipes[0]);
            execl(c->self, c->self, "run", "--board", "riscv-virt", "--cpu", c->cpu, "--bios",
                  "none", "--memory", "128M", "--kernel", path, "--exec", exec, "--timeout", c->until,
                  "--no-reboot", "--serial", "stdio", (char *)NULL);
        }
        _exit(127);
    }
    close(pipes[1]);
    for (;;) {
        char chunk[512];
        ssize_t n = read(pipes[0], chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        size_t keep = MIN((size_t)n, size - 1);
        if (used + keep > size - 1) { /* keep the end */
            size_t drop = used + keep - (size - 1);
            memmove(words, words + drop, used - drop);
            used -= drop;
        }
        memcpy(words + used, chunk + ((size_t)n - keep), keep);
        used += keep;
    }
    words[used] = 0;
    close(pipes[0]);
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void print_xml(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char ch = (unsigned char)*text;
        if (ch == '<' || ch == '>' || ch == '&' || ch == '"')
            fprintf(out, "&#%u;", ch);
        else
            fputc(ch == '\n' || ch == '\t' || (ch >= 32 && ch < 127) ? ch : '?', out);
    }
}

static void report(struct conform *c, const char *name, const char *exec, enum verdict v,
                   const char *why)
{
    c->count[v]++;
    c->number++;
    switch (c->report) {
    case REPORT_TAP:
        fprintf(c->out, "%s %u - %s [%s]%s%s\n", v == FAILED ? "not ok" : "ok", c->number, name,
                exec, v == SKIPPED ? " # SKIP " : "", v == SKIPPED ? why : "");
        for (const char *line = v == FAILED ? why : ""; *line; line += strcspn(line, "\n") + 1) {
            fprintf(c->out, "# %.*s\n", (int)strcspn(line, "\n"), line);
            if (line[strcspn(line, "\n")] == 0)
                break;
        }
        break;
    case REPORT_JUNIT:
        fprintf(c->out, "  <testcase classname=\"%s\" name=\"%s\">", exec, name);
        if (v != PASSED) {
            fprintf(c->out, v == FAILED ? "<failure message=\"" : "<skipped message=\"");
            print_xml(c->out, why);
            fprintf(c->out, "\"/>");
        }
        fprintf(c->out, "</testcase>\n");
        break;
    default:
        if (v != PASSED)
            fprintf(c->out, "%-8s %s [%s]: %s\n", v == FAILED ? "FAILED" : "not run", name, exec, why);
        break;
    }
    fflush(c->out);
}

static void one_test(struct conform *c, const char *name)
{
    const char *reason = reason_to_skip(name);
    char path[4096], words[2048], why[2200];

    snprintf(path, sizeof(path), "%s/%s", c->directory, name);
    if ((c->filter && !strstr(name, c->filter)) || !is_elf(path))
        return;
    if (reason) {
        report(c, name, "-", SKIPPED, reason);
        return;
    }
    for (unsigned i = 0; i < c->n_execs; i++) {
        int status = run_test(c, path, c->execs[i], words, sizeof(words));
        snprintf(why, sizeof(why), "exit status %d%s%s", status, words[0] ? "; last output: " : "",
                 words);
        report(c, name, c->execs[i], status == 0 ? PASSED : FAILED, why);
    }
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: orrery conform [OPTION]... DIRECTORY\n"
            "Run the bare-metal test programs (ELF) in DIRECTORY, such as a built riscv-tests/isa.\n"
            "  --exec LIST      executors, of jit,interp,lockstep (default: all three)\n"
            "  --filter TEXT    only tests whose name contains TEXT\n"
            "  --cpu NAME       CPU profile (default max)\n"
            "  --timeout TIME   simulated time a test may take (default 1s)\n"
            "  --tap, --junit   form of the report (default: failures and a summary)\n"
            "  --output FILE    where the report goes (default: standard output)\n"
            "The exit status is 0 when no test failed.\n");
}

static int parse_execs(struct conform *c, char *list)
{
    c->n_execs = 0;
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
        if (c->n_execs == ARRAY_LEN(c->execs) ||
            (strcmp(word, "jit") != 0 && strcmp(word, "interp") != 0 && strcmp(word, "lockstep") != 0))
            return -1;
        c->execs[c->n_execs++] = word;
    }
    return c->n_execs ? 0 : -1;
}

int command_conform(int argc, char **argv)
{
    struct conform c = { .self = "/proc/self/exe", .cpu = "max", .until = "1s",
                         .execs = { "jit", "interp", "lockstep" }, .n_execs = 3, .out = stdout };
    const char *output = NULL;
    struct dirent **names;

    for (int i = 0; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return 0;
        }
        if (strcmp(argv[i], "--tap") == 0)
            c.report = REPORT_TAP;
        else if (strcmp(argv[i], "--junit") == 0)
            c.report = REPORT_JUNIT;
        else if (strcmp(argv[i], "--exec") == 0 && value && parse_execs(&c, argv[++i]) == 0)
            continue;
        else if (strcmp(argv[i], "--filter") == 0 && value)
            c.filter = argv[++i];
        else if (strcmp(argv[i], "--cpu") == 0 && value)
            c.cpu = argv[++i];
        else if (strcmp(argv[i], "--timeout") == 0 && value)
            c.until = argv[++i];
        else if (strcmp(argv[i], "--output") == 0 && value)
            output = argv[++i];
        else if (argv[i][0] != '-' && !c.directory)
            c.directory = argv[i];
        else {
            usage(stderr);
            return 1;
        }
    }
    int n = c.directory ? scandir(c.directory, &names, NULL, alphasort) : -1;
    if (n < 0) {
        fprintf(stderr, "orrery conform: %s%s%s\n", c.directory ? c.directory : "which directory?",
                c.directory ? ": " : "", c.directory ? strerror(errno) : "");
        return 1;
    }
    if (output && !(c.out = fopen(output, "w"))) {
        fprintf(stderr, "orrery conform: cannot write '%s': %s\n", output, strerror(errno));
        return 1;
    }
    if (c.report == REPORT_TAP)
        fprintf(c.out, "TAP version 13\n");
    if (c.report == REPORT_JUNIT)
        fprintf(c.out, "<?xml version=\"1.0\"?>\n<testsuite name=\"conform\">\n");
    for (int i = 0; i < n; i++) {
        one_test(&c, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    if (c.report == REPORT_TAP)
        fprintf(c.out, "1..%u\n", c.number);
    if (c.report == REPORT_JUNIT)
        fprintf(c.out, "</testsuite>\n");
    if (output)
        fclose(c.out);
    printf("%u passed, %u failed, %u skipped\n", c.count[PASSED], c.count[FAILED], c.count[SKIPPED]);
    return c.count[FAILED] != 0 || c.number == 0;
}
