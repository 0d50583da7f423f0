/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orrery conform: run a directory of third-party tests (programs for the bare machine, or test vectors of single
 * instructions) under the executors asked for, and report as text, TAP (testanything.org) or JUnit XML.
 */
#include "tools/orrery/conform.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tools/orrery/commands.h"
#include "tools/orrery/vector.h"

static void print_xml(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char ch = (unsigned char)*text;
        if (ch == '<' || ch == '>' || ch == '&' || ch == '"' || ch == '\n')
            fprintf(out, "&#%u;", ch);
        else
            fputc(ch == '\t' || (ch >= 32 && ch < 127) ? ch : '?', out);
    }
}

void conform_report(struct conform *c, const char *name, const char *exec, enum conform_verdict v, const char *why)
{
    c->count[v]++;
    c->number++;
    switch (c->form) {
    case CONFORM_TAP:
        fprintf(c->out, "%s %u - %s [%s]%s%s\n", v == CONFORM_FAILED ? "not ok" : "ok", c->number, name,
                exec, v == CONFORM_SKIPPED ? " # SKIP " : "", v == CONFORM_SKIPPED ? why : "");
        for (const char *line = v == CONFORM_FAILED ? why : ""; *line; line += strcspn(line, "\n") + 1) {
            fprintf(c->out, "# %.*s\n", (int)strcspn(line, "\n"), line);
            if (line[strcspn(line, "\n")] == 0)
                break;
        }
        break;
    case CONFORM_JUNIT:
        fprintf(c->out, "  <testcase classname=\"%s\" name=\"%s\">", exec, name);
        if (v != CONFORM_PASSED) {
            fprintf(c->out, v == CONFORM_FAILED ? "<failure message=\"" : "<skipped message=\"");
            print_xml(c->out, why);
            fprintf(c->out, "\"/>");
        }
        fprintf(c->out, "</testcase>\n");
        break;
    default:
        if (v != CONFORM_PASSED)
            fprintf(c->out, "%-8s %s [%s]: %s\n", v == CONFORM_FAILED ? "FAILED" : "not run", name, exec, why);
        break;
    }
    fflush(c->out);
}

static int one_test(struct conform *c, const char *name, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", c->directory, name);
    if (c->filter && !strstr(name, c->filter))
        return 0;
    if (conform_is_program(path))
        conform_program(c, name, path);
    else if (vector_is_file(name))
        return conform_vectors(c, name, path, e);
    return 0;
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: orrery conform [OPTION]... DIRECTORY\n"
            "Run the tests in DIRECTORY:\n"
            "  ELF files       bare-metal programs for RISC-V (riscv-tests/isa: verdict by tohost) or x86 (Multiboot or\n"
            "                  PVH: verdict by isa-debug-exit, port F4h)\n"
            "  *.bin, *.rom    images in place of a PC's firmware (test386.asm: POST codes, FFh at the end)\n"
            "  *.MOO, *.json   x86 test vectors (SingleStepTests: 8088, 8086, 80286, 80386), .gz or not\n"
            "Options:\n"
            "  --exec LIST      executors, of jit,interp,lockstep (default: all three)\n"
            "  --filter TEXT    only tests whose name contains TEXT\n"
            "  --index N        only vector N of each file\n"
            "  --cpu NAME       CPU profile (default max)\n"
            "  --timeout TIME   simulated time a program may take (default 1s)\n"
            "  --pass STATUS    exit status of an x86 program that passed (default 1: it wrote 0 to isa-debug-exit)\n"
            "  --bios FILE      firmware before an x86 program, as orrery run has it; default: none\n"
            "  --post PORT      where images write POST codes (default 0x190)\n"
            "  --print PORT     where images write text (default 0xe9)\n"
            "  --tap, --junit   form of the report (default: failures and a summary)\n"
            "  --output FILE    where the report goes (default: standard output)\n"
            "The exit status is 0 when no test failed. What a vector of an old processor does not say about one of today is\n"
            "left out, counted by reason.\n");
}

static int parse_execs(struct conform *c, char *list, struct err *e)
{
    static const char *const all[] = { "jit", "interp", "lockstep" };
    char *rest = list;
    c->n_execs = 0;
    for (const char *word; (word = strsep(&rest, ",")) != NULL;) {
        size_t i = 0;
        while (i < ARRAY_LEN(all) && strcmp(word, all[i]) != 0)
            i++;
        if (i == ARRAY_LEN(all) || c->n_execs == ARRAY_LEN(c->execs))
            return err_set(e, ERR_ARG, "--exec: '%s'; up to three of jit, interp and lockstep are expected", word);
        c->execs[c->n_execs++] = all[i];
    }
    return 0;
}

/* An option with a value. 1: taken; 0: there is none of that name; or ERR_*. */
static int take_option(struct conform *c, const char *name, char *value, const char **output, struct err *e)
{
    static const struct {
        const char *name;
        uint64_t most;
    } numbers[] = { { "--index", UINT32_MAX }, { "--pass", 255 }, { "--post", 0xffff }, { "--print", 0xffff } };
    uint64_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (strcmp(name, numbers[i].name) == 0)
            rc = run_parse_count(name, value, 0, numbers[i].most, &n, e);
    if (rc == 0 && strcmp(name, "--exec") == 0)
        rc = parse_execs(c, value, e);
    else if (strcmp(name, "--filter") == 0)
        c->filter = value;
    else if (strcmp(name, "--cpu") == 0)
        c->cpu = value;
    else if (strcmp(name, "--timeout") == 0)
        c->until = value;
    else if (strcmp(name, "--bios") == 0)
        c->bios = value;
    else if (strcmp(name, "--output") == 0)
        *output = value;
    else if (strcmp(name, "--index") == 0)
        c->only = (int64_t)n;
    else if (strcmp(name, "--pass") == 0)
        c->pass_status = (int)n;
    else if (strcmp(name, "--post") == 0)
        c->post_port = (uint32_t)n;
    else if (strcmp(name, "--print") == 0)
        c->print_port = (uint32_t)n;
    else
        return 0;
    return rc < 0 ? rc : 1;
}

/* 0, 1: help was asked for, or ERR_*. */
static int parse(struct conform *c, int argc, char **argv, const char **output, struct err *e)
{
    for (int i = 0, rc; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return 1;
        if (strcmp(argv[i], "--tap") == 0)
            c->form = CONFORM_TAP;
        else if (strcmp(argv[i], "--junit") == 0)
            c->form = CONFORM_JUNIT;
        else if (argv[i][0] != '-' && !c->directory)
            c->directory = argv[i];
        else if (argv[i][0] != '-')
            return err_set(e, ERR_ARG, "'%s': one directory is expected, and '%s' was given", argv[i], c->directory);
        else if (i + 1 == argc || (rc = take_option(c, argv[i], argv[i + 1], output, e)) == 0)
            return err_set(e, ERR_ARG, "%s: unknown, or its value is missing (see orrery conform --help)", argv[i]);
        else if (rc < 0)
            return rc;
        else
            i++;
    }
    return c->directory ? 0 : err_set(e, ERR_ARG, "which directory? (see orrery conform --help)");
}

static int run_all(struct conform *c, struct dirent **names, int n)
{
    struct err e = { 0 };
    int rc = 0;
    if (c->form == CONFORM_TAP)
        fprintf(c->out, "TAP version 13\n");
    if (c->form == CONFORM_JUNIT)
        fprintf(c->out, "<?xml version=\"1.0\"?>\n<testsuite name=\"conform\">\n");
    for (int i = 0; i < n; i++) {
        rc = rc < 0 ? rc : one_test(c, names[i]->d_name, &e);
        free(names[i]);
    }
    if (rc < 0)
        fprintf(stderr, "orrery conform: %s\n", e.text);
    if (c->form == CONFORM_TAP)
        fprintf(c->out, "1..%u\n", c->number);
    if (c->form == CONFORM_JUNIT)
        fprintf(c->out, "</testsuite>\n");
    return rc;
}

int command_conform(int argc, char **argv)
{
    struct conform c = { .self = "/proc/self/exe", .cpu = "max", .until = "1s",
                         .execs = { "jit", "interp", "lockstep" }, .n_execs = 3, .out = stdout,
                         .post_port = 0x190, .print_port = 0xe9, .pass_status = 1, .only = -1 };
    const char *output = NULL;
    struct dirent **names;

    struct err e = { 0 };
    int asked = parse(&c, argc, argv, &output, &e);
    if (asked == 1) {
        usage(stdout);
        return 0;
    }
    if (asked < 0) {
        fprintf(stderr, "orrery conform: %s\n", e.text);
        return 1;
    }
    int n = scandir(c.directory, &names, NULL, alphasort);
    if (n < 0) {
        fprintf(stderr, "orrery conform: %s: %s\n", c.directory, strerror(errno));
        return 1;
    }
    if (output && !(c.out = fopen(output, "w"))) {
        fprintf(stderr, "orrery conform: cannot write '%s': %s\n", output, strerror(errno));
        return 1;
    }
    int rc = run_all(&c, names, n);
    free(names);
    conform_vectors_summary(&c, c.out);
    conform_vectors_end(&c);
    if (output)
        fclose(c.out);
    printf("%u passed, %u failed, %u skipped\n", c.count[CONFORM_PASSED], c.count[CONFORM_FAILED],
           c.count[CONFORM_SKIPPED]);
    if (c.number == 0 && rc == 0)
        fprintf(stderr, "orrery conform: %s: no test here%s%s\n", c.directory, c.filter ? " whose name contains " : "",
                c.filter ? c.filter : "");
    return rc < 0 || c.count[CONFORM_FAILED] != 0 || c.number == 0;
}
