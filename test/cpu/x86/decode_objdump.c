/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder against another independent reader of the manuals, GNU objdump: how long random instructions of every row
 * are, in all three code sizes, and what those with EVEX are called, which capstone (decode_capstone.c) does not know
 * well enough. Skipped where objdump is missing or reads no x86.
 */
#include "core/util/bits.h"
#include "cpu/x86/decode.gen.h"
#include "cpu/x86/decode.h"
#include "cpu/x86/opcode.h"
#include "test/cpu/objdump.h"
#include <unistd.h>

enum { SLOT = 16, EACH = 8 }; /* an instruction, then NOPs */

struct program {
    uint8_t (*code)[SLOT];
    uint16_t *form;
    uint8_t *length;
    size_t n;
};

static void add_row(struct program *p, uint16_t form, enum x86_code mode, uint64_t *seed)
{
    for (unsigned i = 0; i < EACH; i++) {
        uint8_t code[SLOT];
        memset(code, 0x90, sizeof(code));
        uint8_t insn[X86_MAX_LENGTH];
        size_t n = x86_random_insn(form, mode, i % 2 != 0, objdump_random, seed, insn);
        if (n == 0)
            continue;
        memcpy(code, insn, n);
        memcpy(p->code[p->n], code, SLOT);
        p->form[p->n] = form;
        p->length[p->n++] = (uint8_t)n;
    }
}

/* What objdump 2.40 reads otherwise: fences and NOPs of other registers than the assembler writes, prefixes it takes for
 * instructions of their own, what it does not know. */
static bool is_left_out(const char *name)
{
    static const char *const names[] = { "lfence", "mfence", "sfence", "nop@hint", "wait", "vmmcall", "lkgs", "xbegin" };
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* "fs addr32 {evex} vaddps.s" is vaddps: prefixes, and notes which encoding it is. */
static const char *plain_name(char *name)
{
    static const char *const prefixes[] = { "cs ", "ds ", "es ", "fs ", "gs ", "ss ", "addr16 ", "addr32 ", "{evex} " };
    for (unsigned i = 0; i < ARRAY_LEN(prefixes);)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            name += strlen(prefixes[i]);
            name += strspn(name, " ");
            i = 0;
        } else {
            i++;
        }
    (void)objdump_cut(name, " \n");
    size_t n = strlen(name);
    if (n > 2 && strcmp(name + n - 2, ".s") == 0)
        name[n - 2] = 0;
    return name;
}

static bool same_name(const struct program *p, size_t i, enum x86_code mode, const char *theirs)
{
    struct x86_decoded d;
    uint64_t all[X86_EXT_WORDS];
    char text[128];
    memset(all, 0xff, sizeof(all));
    if (x86_rows[p->form[i]].map < X86_MAP_EVEX ||
        x86_decode(p->code[i], SLOT, mode, true, all, &d) != X86_DECODED)
        return true;
    x86_disassemble(&d, 0, text, sizeof(text));
    (void)objdump_cut(text, " ");
    if (strcmp(text, theirs) == 0)
        return true;
    /* predicates and the like have names of their own there: vcmpltps, vpcmpneqb, vpclmulhqlqdq */
    size_t n = strlen(text), m = strlen(theirs), front = strncmp(text, "vcmp", 4) == 0 ? 4 : 5;
    bool predicate = strncmp(text, "vcmp", 4) == 0 || strncmp(text, "vpcmp", 5) == 0 || strncmp(text, "vpclmul", 7) == 0;
    return predicate && m > n && strncmp(text, theirs, front) == 0 && text[n - 1] == theirs[m - 1];
}

static unsigned compare(const struct program *p, enum x86_code mode)
{
    static const char *const machines[] = { "i8086", "i386", "i386:x86-64" };
    char path[] = "/tmp/decode-objdump-XXXXXX", command[256], line[512];
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, p->code, p->n * SLOT), (int)(p->n * SLOT));
    ck_assert_int_eq(close(fd), 0);
    snprintf(command, sizeof(command), "objdump -D -z -w -b binary -m %s -M intel,intel64 --insn-width=15 %s", machines[mode], path);
    FILE *dump = popen(command, "r");
    ck_assert_ptr_nonnull(dump);
    unsigned wrong = 0;
    size_t slot = SIZE_MAX, seen = 0;
    while (fgets(line, sizeof(line), dump) != NULL) {
        uint64_t at;
        char *name, *operands, *colon = strchr(line, ':'), *tab = colon != NULL ? strchr(colon + 2, '\t') : NULL;
        if (colon == NULL || colon[1] != '\t' || tab == NULL)
            continue;
        at = strtoull(line, NULL, 16);
        name = tab + 1;
        operands = name;
        if (slot != SIZE_MAX) { /* the line after a slot's first */
            uint64_t length = at - slot * SLOT;
            if (length != p->length[slot] && !is_left_out(x86_insn_descs[p->form[slot]].name) && wrong++ < 40) {
                fprintf(stderr, "mode %d, %s: ours %u bytes, objdump's %u:", mode, x86_insn_descs[p->form[slot]].name,
                        p->length[slot], (unsigned)length);
                for (unsigned i = 0; i < SLOT; i++)
                    fprintf(stderr, " %02x", p->code[slot][i]);
                fputc('\n', stderr);
            }
            slot = SIZE_MAX;
        }
        if (at % SLOT == 0 && at / SLOT < p->n) {
            slot = at / SLOT;
            seen++;
            const char *theirs = plain_name(operands);
            if (!same_name(p, slot, mode, theirs) && wrong++ < 40)
                fprintf(stderr, "mode %d: ours %s, objdump's %s\n", mode, x86_insn_descs[p->form[slot]].name, theirs);
        }
    }
    ck_assert_int_eq(pclose(dump), 0);
    ck_assert_msg(seen > p->n * 9 / 10, "objdump found %zu of %zu slots", seen, p->n);
    unlink(path);
    return wrong;
}

START_TEST(every_row)
{
    struct program p = { 0 };
    enum x86_code mode = (enum x86_code)_i;
    uint64_t seed = test_fuzz_seed() * 3 + (uint64_t)_i + 1;
    if (system("objdump -i 2>/dev/null | grep -c elf64-x86-64 >/dev/null") != 0) {
        fprintf(stderr, "objdump is missing or reads no x86: nothing compared\n");
        return;
    }
    p.code = malloc((size_t)X86_FORM_COUNT * EACH * SLOT);
    p.form = malloc(sizeof(uint16_t) * X86_FORM_COUNT * EACH);
    p.length = malloc((size_t)X86_FORM_COUNT * EACH);
    ck_assert(p.code != NULL && p.form != NULL && p.length != NULL);
    for (uint16_t form = 0; form < X86_FORM_COUNT; form++)
        add_row(&p, form, mode, &seed);
    unsigned wrong = compare(&p, mode);
    ck_assert_msg(wrong == 0, "%u of %zu differ", wrong, p.n);
    free(p.code);
    free(p.form);
    free(p.length);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86/decode_objdump");
    TCase *c = tcase_create("objdump");
    tcase_set_timeout(c, 100);
    tcase_add_loop_test(c, every_row, 0, 3);
    suite_add_tcase(s, c);
    return s;
}
