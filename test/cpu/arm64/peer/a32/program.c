/* SPDX-License-Identifier: Apache-2.0 */
/* Runs each instruction of the file argv[1] from its state and writes what it left to argv[2]. */
#define _GNU_SOURCE
#include "record.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct state { /* at A32_STATE, as program_asm.S knows it */
    uint32_t r[16], cpsr, fpscr;
    uint64_t d[32];
    uint32_t stack;
};

extern void enter(void);
extern char before[], before_end[], after[], after_end[];

#define BEFORE (A32_CODE - 0x100)
#define AFTER  (A32_CODE + 0x40)
#define LEFT   (A32_CODE + 0xfc0) /* r0-r14 afterwards */

static sigjmp_buf caught;
static volatile int raised;

static void on_signal(int number)
{
    raised = number;
    siglongjmp(caught, 1);
}

/* The instruction, then branches to what stores the state: from T32 by BX PC. */
static void place(const struct a32_start *s)
{
    uint8_t *code = (uint8_t *)A32_CODE;
    uint32_t at = 0;
    if (!s->thumb) {
        *(uint32_t *)code = s->word;
        at = 4;
    } else if (s->length == 4) {
        *(uint16_t *)code = (uint16_t)(s->word >> 16);
        *(uint16_t *)(code + 2) = (uint16_t)s->word;
        at = 4;
    } else {
        *(uint16_t *)code = (uint16_t)s->word;
        at = 2;
    }
    for (; s->thumb && at < 0x20; at += 2)
        *(uint16_t *)(code + at) = 0xbf00;
    if (s->thumb) {
        *(uint32_t *)(code + 0x20) = 0xbf004778;
        at = 0x24;
    }
    for (; at < 0x40; at += 4)
        *(uint32_t *)(code + at) = 0xea000000 | (((0x40 - at - 8) >> 2) & 0xffffff);
}

static void run(const struct a32_start *s, struct a32_end *e)
{
    struct state *state = (struct state *)A32_STATE;
    memset(e, 0, sizeof(*e));
    a32_fill((uint8_t *)A32_DATA);
    memcpy((void *)BEFORE, before, (size_t)(before_end - before));
    memcpy((void *)AFTER, after, (size_t)(after_end - after));
    place(s);
    ((uint32_t *)BEFORE)[4] = A32_CODE | s->thumb;
    memcpy(state->r, s->r, sizeof(s->r));
    memcpy(state->d, s->d, sizeof(s->d));
    state->cpsr = s->cpsr;
    state->fpscr = s->fpscr;
    __builtin___clear_cache((char *)BEFORE, (char *)A32_CODE + 0x200);
    raised = 0;
    if (sigsetjmp(caught, 1) == 0)
        enter();
    e->signal = (uint32_t)raised;
    if (!raised) {
        memcpy(e->r, (void *)LEFT, sizeof(e->r));
        e->cpsr = state->cpsr & 0xf80f0000;
        e->fpscr = state->fpscr;
        memcpy(e->d, state->d, sizeof(e->d));
    }
    e->data = a32_sum((uint8_t *)A32_DATA);
}

int main(int argc, char **argv)
{
    static const int signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE };
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER };
    stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
    struct a32_start s;
    struct a32_end e;
    FILE *in = argc > 2 ? fopen(argv[1], "rb") : NULL, *out = argc > 2 ? fopen(argv[2], "wb") : NULL;
    void *at = mmap((void *)0x40000000, 0x120000, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (in == NULL || out == NULL || at == MAP_FAILED)
        return 1;
    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
    while (fread(&s, sizeof(s), 1, in) == 1) {
        run(&s, &e);
        if (fwrite(&e, sizeof(e), 1, out) != 1)
            return 1;
    }
    return fclose(out) != 0;
}
