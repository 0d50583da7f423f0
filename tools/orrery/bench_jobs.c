/* SPDX-License-Identifier: Apache-2.0 */
/* What `orrery bench` can measure, in groups, and what of it is there to be run. */
#include "tools/orrery/bench.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct bench_target bench_targets[] = {
    { "riscv64", "riscv64", "virt", "riscv-virt", "max", "ttyS0", "firmware/generic/fw_dynamic.bin", NULL, "none", NULL,
      "virtio-blk-device", "/dev/vda" },
    { "arm64", "aarch64", "virt", "arm-virt", "max", "ttyAMA0", NULL, NULL, NULL, NULL, "virtio-blk-device", "/dev/vda2" },
    { "loong64", "loongarch64", "virt", "loongarch-virt", "la464", "ttyS0", "firmware/qemu-efi-loongarch64/QEMU_EFI.fd", NULL, NULL,
      "virtio-rng-pci", "virtio-blk-pci", "/dev/vda2" },
    { "amd64", "x86_64", "q35", "x86-q35", "max", "ttyS0", NULL, "qboot.rom", NULL, NULL, "virtio-blk-pci", "/dev/vda2" },
};
const size_t bench_n_targets = ARRAY_LEN(bench_targets);

const struct bench_entry bench_entries[] = {
    { "embedded", "integer", BENCH_KERNEL, 1 },
    { "procedures", "integer", BENCH_KERNEL, 1 },
    { "quicksort", "integer", BENCH_KERNEL, 1 },
    { "trees", "integer", BENCH_KERNEL, 1 },
    { "hashing", "integer", BENCH_KERNEL, 1 },
    { "7zip", "integer", BENCH_PROGRAM, 1 },
    { "xz", "integer", BENCH_PROGRAM, 1 },
    { "sqlite", "integer", BENCH_PROGRAM, 1 },
    { "nbody", "fp", BENCH_KERNEL, 1 },
    { "mandelbrot", "fp", BENCH_KERNEL, 1 },
    { "spectral", "fp", BENCH_KERNEL, 1 },
    { "fft", "fp", BENCH_KERNEL, 1 },
    { "matmul", "fp", BENCH_KERNEL, 1 },
    { "aes-128-gcm", "fp", BENCH_OPENSSL, 1 },
    { "sha256", "fp", BENCH_OPENSSL, 1 },
    { "chacha20-poly1305", "fp", BENCH_OPENSSL, 1 },
    { "boot", "boot", BENCH_BOOT, 1 },
    { "login", "boot", BENCH_LOGIN, 1 },
    { "interrupts", "micro", BENCH_KERNEL, 1 },
    { "syscalls", "micro", BENCH_KERNEL, 1 },
    { "faults", "micro", BENCH_KERNEL, 1 },
    { "contexts", "micro", BENCH_KERNEL, 1 },
    { "selfmodify", "micro", BENCH_KERNEL, 1 },
    { "invalidations", "micro", BENCH_KERNEL, 1 },
    { "flushes", "micro", BENCH_KERNEL, 1 },
    { "mmio", "micro", BENCH_KERNEL, 1 },
    { "translation", "translation", BENCH_KERNEL, 1 },
    { "parallel", "parallel", BENCH_PROGRAM, 2 },
    { "memory", "patterns", BENCH_KERNEL, 1 },
    { "branchy", "patterns", BENCH_KERNEL, 1 },
    { "calls", "patterns", BENCH_KERNEL, 1 },
};
const size_t bench_n_entries = ARRAY_LEN(bench_entries);

int bench_choose(bool *wanted, const char *name, struct err *e)
{
    const char *names[2 * ARRAY_LEN(bench_entries) + 1];
    bool found = false;
    size_t n = 0;

    names[n++] = "all";
    for (size_t k = 0; k < bench_n_entries; k++) {
        const struct bench_entry *entry = &bench_entries[k];
        bool meant = strcmp(name, "all") == 0 || strcmp(name, entry->group) == 0 || strcmp(name, entry->name) == 0;
        wanted[k] |= meant;
        found |= meant;
        names[n++] = entry->name;
        names[n++] = entry->group;
    }
    if (found)
        return 0;
    const char *near = err_nearest(name, names, n);
    return err_set(e, ERR_ARG, "there is no '%s' to measure%s%s%s (see orrery bench --help)", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

static bool is_there(const char *path, const char *how)
{
    if (access(path, R_OK) == 0)
        return true;
    fprintf(stderr, "orrery bench: %s is missing; %s\n", path, how);
    return false;
}

/* Beside a kernel stands what it has to print and, in a second line, how many events it counts. */
static bool read_sum(const char *path, struct bench_job *j)
{
    FILE *f = fopen(path, "r");
    char line[64];
    bool ok = f && fgets(j->expected, sizeof(j->expected), f);

    if (ok && fgets(line, sizeof(line), f) && strncmp(line, "events ", 7) == 0)
        j->events = strtoull(line + 7, NULL, 10);
    if (f)
        fclose(f);
    j->expected[strcspn(j->expected, "\r\n")] = 0;
    return ok;
}

static bool prepare_kernel(const struct bench *b, struct bench_job *j)
{
    static const char how[] = "build the target bench-kernels";

    snprintf(j->kernel, sizeof(j->kernel), "%s/%s.elf", b->directory, j->name);
    snprintf(j->text[0], sizeof(j->text[0]), "%s/%s.sum", b->directory, j->name);
    j->begin = "begin\n";
    j->end = "checksum ";
    j->translation = strcmp(j->name, "translation") == 0;
    return read_sum(j->text[0], j) ? is_there(j->kernel, how) : is_there(j->text[0], how);
}

static bool guest_is_there(const struct bench *b, struct bench_job *j, const char *tool)
{
    char how[64];

    snprintf(how, sizeof(how), "fetch it with tools/%s %s", tool, b->target->name);
    snprintf(j->kernel, sizeof(j->kernel), "%s/kernel", b->guest);
    j->initrd = j->text[0];
    return is_there(j->kernel, how) && is_there(j->initrd, how) && (!b->target->firmware || is_there(b->bios, how));
}

/* The kernel's command line for `command`, of less than 200 characters. */
static void write_append(const struct bench *b, char text[600], const char *command)
{
    int n = snprintf(text, 600, "console=%s orrery.run=", b->target->console);

    for (; *command; command++)
        n += snprintf(text + n, 600 - (size_t)n, "%02x", (unsigned)*command);
}

/* A boot that runs `command`. */
static bool prepare_boot(const struct bench *b, struct bench_job *j, const char *initrd, const char *command)
{
    write_append(b, j->text[1], command);
    snprintf(j->text[0], sizeof(j->text[0]), "%s/%s", b->guest, initrd);
    j->append = j->text[1];
    snprintf(j->expected, sizeof(j->expected), "orrery exit 0");
    return guest_is_there(b, j, strchr(initrd, '/') ? "fetch-programs" : "fetch-guest");
}

static bool prepare_program(const struct bench *b, struct bench_job *j)
{
    char command[128];

    snprintf(command, sizeof(command), "/programs/measure %s", j->name);
    j->begin = "--- begin ---";
    j->end = "--- end ---";
    if (j->cpus > 1) { /* the same as `measure parallel` does, for as long as it is let */
        write_append(b, j->text[2], "cd /tmp; while for i in 1 2; do /programs/xz -6 -T1 -c /programs/text >$i & done; wait; "
                                    "test -s 1 && cmp 1 2; do echo " BENCH_NEXT "; done");
        j->repeat = j->text[2];
    }
    return prepare_boot(b, j, "programs/initrd.img", command);
}

static bool prepare_openssl(const struct bench *b, struct bench_job *j)
{
    char command[128];

    snprintf(command, sizeof(command), "/programs/openssl speed -seconds 2 -bytes %d -evp %s", BENCH_OPENSSL_BYTES, j->name);
    j->begin = "size blocks: "; /* "Doing ALGORITHM ops for 2s on 16384 size blocks: 12345 ALGORITHM ops in 1.99s" */
    j->end = " ops in ";
    j->operations = true; /* the guest's seconds need not be the host's */
    return prepare_boot(b, j, "programs/initrd.img", command);
}

static bool prepare_login(const struct bench *b, struct bench_job *j)
{
    char how[64], path[600];

    snprintf(how, sizeof(how), "make it with tools/make-disk %s", b->target->name);
    snprintf(path, sizeof(path), "%s/disk.raw", b->guest);
    snprintf(j->text[0], sizeof(j->text[0]), "%s/initrd.img", b->guest);
    snprintf(j->text[1], sizeof(j->text[1]), "console=%s root=%s", b->target->console, b->target->root);
    snprintf(j->text[2], sizeof(j->text[2]), "file=%.512s,format=raw,if=none,id=d0", path);
    j->append = j->text[1];
    j->drive = j->text[2];
    j->end = " login: ";
    j->stop = true;
    snprintf(j->expected, sizeof(j->expected), "login: ");
    return guest_is_there(b, j, "fetch-guest") && is_there(path, how);
}

bool bench_prepare(const struct bench *b, const struct bench_entry *entry, struct bench_job *j)
{
    *j = (struct bench_job){ .name = entry->name, .group = entry->group, .cpus = entry->cpus };
    switch (entry->kind) {
    case BENCH_KERNEL:
        return prepare_kernel(b, j);
    case BENCH_PROGRAM:
        return prepare_program(b, j);
    case BENCH_OPENSSL:
        return prepare_openssl(b, j);
    case BENCH_BOOT:
        return prepare_boot(b, j, "initrd.img", "true ");
    case BENCH_LOGIN:
        return prepare_login(b, j);
    }
    return false;
}
