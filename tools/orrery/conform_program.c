/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance programs, each run in an `orrery run` of its own: ELF files for RISC-V, whose verdict comes through `tohost`,
 * or for x86, by Multiboot or PVH, through isa-debug-exit; and ROM images that take the place of a PC's firmware and
 * say on a port how far they came (POST codes), FFh at the end, then halt.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/util/bytes.h"
#include "tools/orrery/conform.h"

#define POST_DONE 0xff
#define SPOKEN    16384 /* what is kept of a child's output: `orrery run --stats-json` ends it, 1 KiB or so */
#define SHOWN     2000  /* of which in a report */

/* How the line begins that `orrery run --stats-json` prints once a machine has run. */
static const char ran[] = "{\"host_seconds\":";

/* Tests that are not run, and why: prefix of the name, reason. */
static const struct {
    const char *prefix, *reason;
} not_run[] = {
    { "rv32", "RV32 is not modelled" },
    { "rv64h", "the H extension is not modelled" },
    { "hypervisor", "the H extension is not modelled" },
    { "rv64up", "the P extension is not modelled" },
};

static const char *reason_to_skip(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(not_run); i++)
        if (strncmp(name, not_run[i].prefix, strlen(not_run[i].prefix)) == 0)
            return not_run[i].reason;
    return NULL;
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcasecmp(name + n - m, end) == 0;
}

const char *conform_is_program(const char *path)
{
    uint8_t head[20] = { 0 };
    const char *kind = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head)) {
        unsigned machine = ld_le16(head + 18);
        if (memcmp(head, ELFMAG, SELFMAG) == 0)
            kind = machine == EM_RISCV ? "riscv" : machine == EM_386 || machine == EM_X86_64 ? "x86" : NULL;
        else if ((ends_in(path, ".bin") || ends_in(path, ".rom")) && st.st_size != 0 && st.st_size % 65536 == 0 &&
                 st.st_size <= 16 << 20)
            kind = "rom";
    }
    close(fd);
    return kind;
}

/* What the child is run with; strings in `text` live as long as it. */
struct command {
    const char *argv[40];
    unsigned n;
    char text[3][200];
};

static void add(struct command *k, const char *a, const char *b)
{
    k->argv[k->n++] = a;
    if (b != NULL)
        k->argv[k->n++] = b;
    k->argv[k->n] = NULL;
}

static void compose(const struct conform *c, const char *kind, const char *path, const char *exec, const char *post,
                    struct command *k)
{
    add(k, c->self, "run");
    add(k, "--board", strcmp(kind, "riscv") == 0 ? "riscv-virt" : "x86-q35");
    add(k, "--cpu", c->cpu);
    add(k, "--memory", "128M");
    add(k, "--exec", exec);
    add(k, "--timeout", c->until);
    add(k, "--no-reboot", NULL);
    add(k, "--stats-json", NULL);
    if (strcmp(kind, "rom") == 0) {
        snprintf(k->text[0], sizeof(k->text[0]), "file,id=post,path=%s", post);
        snprintf(k->text[1], sizeof(k->text[1]), "isa-debugcon,iobase=0x%x,chardev=post", c->post_port);
        snprintf(k->text[2], sizeof(k->text[2]), "isa-debugcon,iobase=0x%x,chardev=print", c->print_port);
        add(k, "--bios", path);
        add(k, "--serial", "none");
        add(k, "--chardev", k->text[0]);
        add(k, "--device", k->text[1]);
        add(k, "--chardev", "stdio,id=print");
        add(k, "--device", k->text[2]);
        return;
    }
    add(k, "--serial", "stdio");
    add(k, "--kernel", path);
    if (strcmp(kind, "x86") == 0)
        add(k, "--device", "isa-debug-exit,iobase=0xf4,iosize=4");
    if (strcmp(kind, "riscv") == 0 || c->bios != NULL)
        add(k, "--bios", strcmp(kind, "riscv") == 0 ? "none" : c->bios);
}

/* All that the child says; its last words (at most `size` bytes) stay, each NUL as a space. */
static void listen(int fd, char *words, size_t size)
{
    size_t used = 0;
    for (;;) {
        char chunk[512];
        ssize_t n = read(fd, chunk, sizeof(chunk));
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
    for (char *nul = words; (nul = memchr(nul, 0, (size_t)(words + used - nul))) != NULL;)
        *nul = ' ';
    words[used] = 0;
}

/* Exit status, or 128 + signal. */
static int run_command(const struct command *k, char *words, size_t size)
{
    int pipes[2], status = 0;

    if (pipe(pipes) < 0)
        return 127;
    pid_t pid = fork();
    if (pid == 0) {
        int in = open("/dev/null", O_RDONLY);
        if (in >= 0 && dup2(in, 0) >= 0 && dup2(pipes[1], 1) >= 0 && dup2(pipes[1], 2) >= 0) {
            close(pipes[0]);
            execv(k->argv[0], (char *const *)(uintptr_t)k->argv);
        }
        _exit(127);
    }
    close(pipes[1]);
    listen(pipes[0], words, size);
    close(pipes[0]);
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/*
 * Whether a machine ran to its end; takes the statistics off `words`. The status does not say it: a machine that is refused
 * ends with 1, as isa-debug-exit ends a run into which 0 was written.
 */
static bool take_statistics(char *words)
{
    char *last = NULL;
    for (char *at = words; (at = strstr(at, ran)) != NULL; at++)
        last = at;
    if (last != NULL)
        *last = 0;
    return last != NULL;
}

/* The last POST code in `path`, -1: none came. The file goes. */
static int last_post(const char *path)
{
    int code = -1, ch;
    FILE *f = fopen(path, "rb");
    while (f != NULL && (ch = fgetc(f)) != EOF)
        code = ch;
    if (f != NULL)
        fclose(f);
    (void)unlink(path);
    return code;
}

static bool judge(const struct conform *c, const char *kind, int status, int post, char *why, size_t size)
{
    if (strcmp(kind, "rom") == 0) {
        if (post < 0)
            snprintf(why, size, "exit status %d, and no POST code on port %xh", status, c->post_port);
        else
            snprintf(why, size, "the last POST code is %02Xh, not %02Xh; exit status %d", post, POST_DONE, status);
        return post == POST_DONE;
    }
    int good = strcmp(kind, "x86") == 0 ? c->pass_status : 0;
    snprintf(why, size, "exit status %d, not %d", status, good);
    return status == good;
}

void conform_program(struct conform *c, const char *name, const char *path)
{
    const char *reason = reason_to_skip(name), *kind = conform_is_program(path);
    char words[SPOKEN], why[SHOWN + 400], post[64];

    if (reason) {
        conform_report(c, name, "-", CONFORM_SKIPPED, reason);
        return;
    }
    for (unsigned i = 0; i < c->n_execs; i++) {
        struct command k = { .n = 0 };
        snprintf(post, sizeof(post), "/tmp/orrery-post-XXXXXX");
        int fd = mkstemp(post);
        if (fd >= 0)
            close(fd);
        compose(c, kind, path, c->execs[i], post, &k);
        int status = run_command(&k, words, sizeof(words));
        bool started = take_statistics(words);
        bool good = judge(c, kind, status, last_post(post), why, sizeof(why)) && started;
        if (!started)
            snprintf(why, sizeof(why), "no machine ran to its end; exit status %d", status);
        size_t n = strlen(why), said = strlen(words);
        if (said != 0)
            snprintf(why + n, sizeof(why) - n, "; last output: %s", words + (said > SHOWN ? said - SHOWN : 0));
        conform_report(c, name, c->execs[i], good ? CONFORM_PASSED : CONFORM_FAILED, good ? "" : why);
    }
}
