/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile and clumsy debuggers: random packets, mutated good ones, garbage between them, in
 * pieces of any size, against a machine with two CPUs that runs, steps and stops.
 * usage: test-gdb-fuzz PACKETS [SEED]
 *
 * Nothing may crash, hang or trip a sanitizer, and every packet that was framed right must
 * be acknowledged while acknowledgements are on.
 */
#include "core/debug/gdb.h"
#include "core/util/hash.h"
#include "devices/board/board.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 600, ROUND = 4000 };
#define DRAM 0x80000000ull

struct fuzz {
    struct board *board;
    struct gdb *gdb;
    uint64_t random, replies, acks, nacks, runs, monitors;
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}

static void written(void *arg, const void *bytes, size_t n)
{
    struct fuzz *f = arg;
    const char *c = bytes;

    for (size_t i = 0; i < n; i++) {
        f->acks += c[i] == '+' && i == 0;
        f->nacks += c[i] == '-' && i == 0;
        f->replies += c[i] == '$';
    }
}

/* A little of the machine's time; then as if the user had pressed Ctrl-C. */
static enum exec_reason run(void *arg, struct cpu **cpu)
{
    struct fuzz *f = arg;
    struct exec *x = board_exec(f->board);
    const struct exec_limits limits = { .time = exec_time(x) + 500000, .insns = UINT64_MAX };
    enum exec_reason why = exec_run(x, &limits, cpu);

    f->runs++;
    if (why == EXEC_LIMIT_TIME)
        return EXEC_STOPPED;
    if (why == EXEC_STOPPED)
        machine_resume(board_machine(f->board));
    return why;
}

static void monitor(void *arg, const char *line, void (*out)(void *o, const char *text), void *o)
{
    struct fuzz *f = arg;
    f->monitors++;
    out(o, line);
    out(o, "a line");
}

/* ---- packets ---- */

static const char *const good[] = {
    "?", "g", "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+", "QStartNoAckMode", "vCont?",
    "vCont;c", "vCont;s:1;c", "vCont;s:2", "vCont;t", "Hg1", "Hg0", "Hc-1", "Hg-1", "T1", "T3", "qC",
    "qfThreadInfo", "qsThreadInfo", "qThreadExtraInfo,1", "qXfer:features:read:target.xml:0,ffb",
    "qXfer:features:read:target.xml:100,40", "qXfer:memory-map:read::0,fff", "qXfer:threads:read::0,100",
    "m80000000,40", "m80000000,4000", "mffffffffffffffff,8", "M80000100,4:13000000", "X80000200,4:abcd",
    "Z0,80000004,2", "z0,80000004,2", "Z1,80000008,4", "z1,80000008,4", "Z2,80000100,8", "Z3,80000100,1",
    "Z4,80000100,4", "z2,80000100,8", "z3,80000100,1", "z4,80000100,4", "p20", "p0", "pffff",
    "P1=00000080000000ff", "P20=0000008000000000", "G00", "s", "c", "s80000000", "c80000000", "qAttached",
    "qRcmd,696e666f", "qRcmd,68656c70", "qSymbol::", "vMustReplyEmpty", "vKill;1", "D", "k", "R00",
    "qqemu.sstepbits", "Qqemu.sstep=7", "qqemu.PhyMemMode", "Qqemu.PhyMemMode:1", "!", "vRun;", "vAttach;1",
    "qOffsets", "QThreadEvents:1", "qTStatus", "bs", "bc", "i", "A", "t", "B80000000,S",
};

static size_t make_content(struct fuzz *f, char *text)
{
    static const char letters[] = "0123456789abcdef,:;=.+-*#$}qQvHmMXZzgGpPcs?kD{|~\x03\x80\xff";
    size_t n = 0;

    if (next(f) % 8 == 0) {
        n = next(f) % 80;
        for (size_t i = 0; i < n; i++)
            text[i] = letters[next(f) % (sizeof(letters) - 1)];
        return n;
    }
    n = strlen(strcpy(text, good[next(f) % (sizeof(good) / sizeof(good[0]))]));
    for (uint64_t edits = next(f) % 4 == 0 ? next(f) % 6 : 0; edits > 0; edits--) {
        size_t at = n ? next(f) % n : 0;
        switch (next(f) % 4) {
        case 0: /* another letter */
            if (n)
                text[at] = letters[next(f) % (sizeof(letters) - 1)];
            break;
        case 1: /* one more */
            memmove(text + at + 1, text + at, n - at);
            text[at] = letters[next(f) % (sizeof(letters) - 1)];
            n++;
            break;
        case 2: /* one less */
            if (n) {
                memmove(text + at, text + at + 1, n - at - 1);
                n--;
            }
            break;
        default: /* a piece of another */
            n = at;
            break;
        }
    }
    return n;
}

static size_t frame(struct fuzz *f, const char *content, size_t n, uint8_t *out)
{
    size_t at = 0;
    uint8_t sum = 0;

    out[at++] = '$';
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)content[i];
        if (c == '$' || c == '#' || c == '}' || c == '*') {
            out[at++] = '}';
            sum = (uint8_t)(sum + '}');
            c ^= 0x20;
        }
        out[at++] = c;
        sum = (uint8_t)(sum + c);
    }
    if (next(f) % 50 == 0)
        sum++;
    out[at++] = '#';
    out[at++] = (uint8_t)"0123456789abcdef"[sum >> 4];
    out[at++] = (uint8_t)"0123456789abcdef"[sum & 15];
    return at;
}

static void send(struct fuzz *f, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        size_t piece = next(f) % 3 ? n : 1 + next(f) % n;
        gdb_input(f->gdb, bytes, piece);
        bytes += piece;
        n -= piece;
    }
}

static void one_packet(struct fuzz *f)
{
    static const uint8_t noise[] = { '+', '-', 3, '$', '#', 0, 0xff, '}' };
    char content[LONGEST];
    uint8_t bytes[2 * LONGEST + 8];

    if (next(f) % 10 == 0)
        send(f, &noise[next(f) % sizeof(noise)], 1);
    if (next(f) % 2000 == 0) { /* a packet that is too long */
        uint8_t *long_one = malloc(3 * GDB_PACKET);
        memset(long_one, 'm', 3 * GDB_PACKET);
        long_one[0] = '$';
        send(f, long_one, 3 * GDB_PACKET);
        free(long_one);
    }
    size_t n = make_content(f, content);
    send(f, bytes, frame(f, content, n, bytes));
    if (next(f) % 3 == 0)
        send(f, noise, 1);
    for (unsigned turns = 0; turns < 3 && !gdb_is_halted(f->gdb) && !gdb_wants_quit(f->gdb); turns++)
        gdb_resume(f->gdb);
    if (next(f) % 500 == 0) {
        gdb_disconnected(f->gdb);
        gdb_connected(f->gdb);
    }
}

/* ---- the machine ---- */

static void need(int r, const struct err *e)
{
    if (r < 0) {
        fprintf(stderr, "gdb-fuzz: %s\n", e->text);
        exit(2);
    }
}

static void open_machine(struct fuzz *f)
{
    static const uint32_t loop[] = { /* addi a0, a0, 1; sd a0, 256(s0); ld a1, 256(s0); j . - 12 */
                                     0x00150513, 0x10a43023, 0x10043583, 0xff5ff06f };
    const struct board_config c = { .board = "riscv-virt", .cpu = "rv64", .cpus = 2, .memory = 4 << 20,
                                    .bios = "none", .timing = "functional",
                                    .exec = { .mode = EXEC_JIT, .code_bytes = 4 << 20, .quantum = 200000 } };
    const struct gdb_ops ops = { .write = written, .run = run, .monitor = monitor, .arg = f };
    struct err e = { 0 };

    need(board_create(&f->board, &c, &e), &e);
    (void)mem_write(board_machine(f->board)->memory, DRAM, loop, sizeof(loop), &(struct mem_attrs){ 0 });
    need(gdb_create(&f->gdb, board_exec(f->board), board_machine(f->board), &ops, &e), &e);
    gdb_halt(f->gdb);
    gdb_connected(f->gdb);
}

static void close_machine(struct fuzz *f)
{
    gdb_destroy(f->gdb);
    board_destroy(f->board);
}

int main(int argc, char **argv)
{
    uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000;
    struct fuzz f = { .random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1 };

    open_machine(&f);
    for (uint64_t i = 0; i < packets; i++) {
        if (i % ROUND == ROUND - 1 || gdb_wants_quit(f.gdb)) {
            close_machine(&f);
            open_machine(&f);
        }
        one_packet(&f);
    }
    close_machine(&f);
    printf("%" PRIu64 " packets: %" PRIu64 " acknowledged, %" PRIu64 " refused, %" PRIu64 " replies, %" PRIu64
           " runs, %" PRIu64 " monitor lines\n", packets, f.acks, f.nacks, f.replies, f.runs, f.monitors);
    return f.replies > packets / 4 ? 0 : 1;
}
