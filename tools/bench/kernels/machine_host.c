/* SPDX-License-Identifier: Apache-2.0 */
/* What machine.h asks for, as far as the checksum can tell, for the host. */
#include "machine.h"
#include <ucontext.h>

static uint64_t frames[2][WINDOW_PAGES * 512];
static ucontext_t contexts[2];
static uint32_t codes[16];

volatile uint64_t *machine_window = frames[0];
volatile uint64_t machine_faults, machine_interrupts;

void machine_prepare(void)
{
}

void machine_map(unsigned space, unsigned page)
{
    (void)space;
    (void)page;
}

void machine_unmap(unsigned space, unsigned page)
{
    (void)space;
    (void)page;
    machine_faults++; /* that is to come */
}

void machine_invalidate(unsigned page)
{
    (void)page;
}

void machine_flush(void)
{
}

void machine_interrupt(void)
{
    machine_interrupts++;
}

void machine_make_thread(struct machine_thread *t, unsigned space, void (*run)(void))
{
    static uint8_t stack[65536];

    t->space = space;
    getcontext(&contexts[space]);
    if (!run)
        return;
    contexts[space].uc_stack.ss_sp = stack;
    contexts[space].uc_stack.ss_size = sizeof(stack);
    makecontext(&contexts[space], run, 0);
}

void machine_switch(struct machine_thread *from, struct machine_thread *to)
{
    machine_window = frames[to->space];
    swapcontext(&contexts[from->space], &contexts[to->space]);
}

uint64_t machine_patch_and_call(unsigned place, uint32_t value)
{
    codes[place] = value;
    return codes[place];
}

uint64_t machine_place_code(const void *code, uint64_t bytes, unsigned place)
{
    (void)bytes;
    (void)place;
    return (uint64_t)code; /* it does the same here */
}

uint32_t machine_mmio(uint32_t value)
{
    return value;
}
