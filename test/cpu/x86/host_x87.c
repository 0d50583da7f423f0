/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every encoding of the x87 escape opcodes, by the host and by both executors, between FRSTOR and FNSAVE: decoding,
 * registers, status, pointers, flags, memory. Transcendental functions are x87.c's. ORRERY_FUZZ_STEPS: states for each.
 */
#include "test/cpu/x86/host.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/x87_op.h"
#include "test/check_main.h"
#include "test/cpu/x86/x87_trial.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { IMAGE_IN = 0, IMAGE_OUT = 128, OPERAND = 256, IMAGE_SIZE = 108 };
#define MEMORY (uint32_t)offsetof(struct host_record, memory)

/* FRSTOR [rsp+...], the instruction, FNSAVE [rsp+...] */
static size_t surround(uint8_t *code, const uint8_t *insn, size_t n)
{
    static const uint8_t head[2][3] = { { 0xdd, 0xa4, 0x24 }, { 0xdd, 0xb4, 0x24 } };
    memcpy(code, head[0], 3);
    st_le32(code + 3, MEMORY + IMAGE_IN);
    memcpy(code + 7, insn, n);
    memcpy(code + 7 + n, head[1], 3);
    st_le32(code + 10 + n, MEMORY + IMAGE_OUT);
    return 14 + n;
}

static void fill_record(uint64_t *seed, struct host_record *r, uint32_t at, bool more)
{
    struct x87_trial t;
    memset(r, 0, sizeof(*r));
    random_trial(seed, &t, below(seed, 2));
    t.image.fip = (uint32_t)next(seed);
    t.image.fdp = (uint32_t)next(seed);
    t.image.fcs_fop = (uint32_t)below(seed, 0x800) << 16;
    for (unsigned i = 0; i < 16; i++)
        r->gpr[i] = next(seed);
    r->gpr[3] = at + MEMORY + OPERAND;
    r->flags = 0x202 | t.flags;
    r->mxcsr = 0x1f80;
    r->more = more;
    memcpy(r->memory + IMAGE_IN, &t.image, IMAGE_SIZE);
    /* As an operand: a number, or an environment whose errors are masked. */
    random_trial(seed, &t, below(seed, 2));
    memcpy(r->memory + OPERAND, &t.image, IMAGE_SIZE);
    if (below(seed, 8) != 0)
        memcpy(r->memory + OPERAND, t.mem, sizeof t.mem);
}

/* Selectors are the process's and the machine's own; undefined parts of FSW depend on the maker. */
static void cut(struct host_record *r)
{
    static const unsigned images[] = { IMAGE_OUT, OPERAND };
    for (unsigned i = 0; i < 2; i++) {
        st_le16(r->memory + images[i] + 16, 0);
        st_le16(r->memory + images[i] + 24, 0);
    }
    st_le16(r->memory + OPERAND + 8, 0);  /* FNSAVE's and FNSTENV's 16-bit form */
    st_le16(r->memory + OPERAND + 12, 0);
    r->flags &= X86_ARITH;
}

/* AMD's processors lose the pointers when the host's kernel switches tasks without an error pending. */
static void forget_pointers(struct host_record *own, const struct host_record *host)
{
    for (unsigned at = IMAGE_OUT; at <= OPERAND; at += OPERAND - IMAGE_OUT) {
        const uint8_t *theirs = host->memory + at;
        if (ld_le32(theirs + 12) == 0)
            memcpy(own->memory + at + 12, theirs + 12, 8);
        if (ld_le32(theirs + 20) == 0)
            st_le32(own->memory + at + 20, 0);
    }
    uint8_t *mine = own->memory + OPERAND; /* of 16 bits: FIP at 6, FDP at 10 */
    if (ld_le16(host->memory + OPERAND + 6) == 0 && ld_le16(host->memory + OPERAND + 10) == 0) {
        st_le16(mine + 6, 0);
        st_le16(mine + 10, 0);
    }
}

static bool is_function(const uint8_t *insn)
{
    return insn[0] == 0xd9 && ((insn[1] & 0xfc) == 0xf0 || insn[1] == 0xf9 || insn[1] == 0xfb || insn[1] >= 0xfe) &&
           insn[1] != 0xf4;
}

static void differ(const char *text, const char *mode, const struct host_record *start, const struct host_record *own,
                   const struct host_record *host)
{
    const struct host_record *all[] = { start, own, host };
    for (unsigned n = 0; n < 3; n++) {
        unsigned image = n == 0 ? IMAGE_IN : IMAGE_OUT;
        fprintf(stderr, "%s: flags %llx, operand", n == 0 ? "start" : n == 1 ? "own  " : "host ",
                (unsigned long long)all[n]->flags);
        for (unsigned i = 0; i < 28; i++)
            fprintf(stderr, "%s%02x", i % 4 == 0 ? " " : "", all[n]->memory[OPERAND + i]);
        fprintf(stderr, "\n   ");
        for (unsigned i = 0; i < 28; i += 4)
            fprintf(stderr, " %08x", ld_le32(all[n]->memory + image + i));
        for (unsigned i = 0; i < 3; i++)
            fprintf(stderr, "  %04x:%016llx", ld_le16(all[n]->memory + image + 36 + 10 * i),
                    (unsigned long long)ld_le64(all[n]->memory + image + 28 + 10 * i));
        fprintf(stderr, "\n");
    }
    ck_abort_msg("%s, %s", text, mode);
}

static void try_insn(struct pc h[2], uint8_t *page, const uint8_t *insn, size_t n, uint64_t *seed, uint64_t steps)
{
    static struct host_record start[HOST_COUNT], own[HOST_COUNT], host[HOST_COUNT];
    struct x86_decoded d;
    uint8_t code[32];
    char text[64];
    if (x86_decode(insn, n, X86_CODE64, true, h[0].c->decode_ext, &d) != X86_DECODED)
        return;
    x86_disassemble(&d, HOST_CODE, text, sizeof text);
    x86_host_emit(page + (HOST_CODE - HOST_BASE), code, surround(code, insn, d.length), 0);
    for (uint64_t done = 0; done < steps; done += HOST_COUNT) {
        for (unsigned i = 0; i < HOST_COUNT; i++)
            fill_record(seed, &start[i], (uint32_t)(HOST_RECORDS + i * sizeof *start), i + 1 < HOST_COUNT);
        memcpy(page + (HOST_RECORDS - HOST_BASE), start, sizeof start);
        x86_host_run_native();
        memcpy(host, page + (HOST_RECORDS - HOST_BASE), sizeof host);
        for (unsigned m = 0; m < 2; m++) {
            memcpy(own, start, sizeof own);
            ck_assert_msg(x86_host_run_guest(&h[m], page, own, HOST_COUNT), "%s did not end", text);
            for (unsigned i = 0; i < HOST_COUNT; i++) {
                struct host_record a = own[i], b = host[i];
                cut(&a);
                cut(&b);
                forget_pointers(&a, &b);
                if (memcmp(&a, &b, offsetof(struct host_record, stack)) != 0)
                    differ(text, m == 0 ? "interpreted" : "translated", &start[i], &a, &b);
            }
        }
    }
}

START_TEST(every_encoding)
{
    static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };
    uint64_t seed = test_fuzz_seed() + (uint64_t)_i, steps = test_fuzz_steps(HOST_COUNT);
    uint8_t insn[4] = { 0x66, (uint8_t)(0xd8 + _i) };
    struct pc h[2];
    uint8_t *page = x86_host_page();
    if (page == NULL)
        return;
    for (unsigned m = 0; m < 2; m++)
        x86_host_create(&h[m], modes[m]);
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        if (modrm < 0xc0 && (modrm & 0xc7) != 3) /* memory at RBX */
            continue;
        insn[2] = (uint8_t)modrm;
        if (is_function(insn + 1))
            continue;
        try_insn(h, page, insn + 1, 2, &seed, steps);
        if (modrm < 0x40) /* FNSAVE and its like have a form of 16 bits */
            try_insn(h, page, insn, 3, &seed, steps);
    }
    for (unsigned m = 0; m < 2; m++)
        pc_destroy(&h[m]);
    munmap(page, HOST_SIZE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("host_x87");
    TCase *t = tcase_create("encodings");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, every_encoding, 0, 8);
    suite_add_tcase(s, t);
    return s;
}
