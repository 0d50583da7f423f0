/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_FUZZ_PCI_CARD_H
#define ORRERY_TEST_FUZZ_PCI_CARD_H
/*
 * What the fuzzers of PCI controllers share: random numbers, a machine with one card, addresses
 * that are mostly, but not always, RAM, and the run itself.
 * usage: test-NAME-fuzz ITERATIONS [SEED]
 *
 * Nothing may crash; an iteration that hangs dies of SIGALRM. Built with the sanitizers for this.
 */
#include "core/util/hash.h"
#include "test/devices/pci_card.h"
#include <unistd.h>

struct fuzz {
    struct card x;
    uint64_t random;
    uint64_t done, failed, started; /* commands that went well, that did not; starts */
};

static inline uint64_t fuzz_next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}
static inline bool fuzz_one_in(struct fuzz *f, uint32_t n)
{
    return fuzz_next(f) % n == 0;
}
static inline void fuzz_store(struct fuzz *f, pa_t at, unsigned size, uint64_t v)
{
    (void)mem_store(f->x.m->memory, at, size, v, NULL);
}
static inline uint64_t fuzz_load(struct fuzz *f, pa_t at, unsigned size)
{
    uint64_t v = 0;
    (void)mem_load(f->x.m->memory, at, size, &v, &(struct mem_attrs){ 0 });
    return v;
}

enum { FUZZ_DATA = CARD_RAM + CARD_RAM_SIZE / 2 };

/* Data, and now and then registers (the card's own, too), the rings, the end of RAM or nothing. */
static inline uint64_t fuzz_address(struct fuzz *f)
{
    switch (fuzz_next(f) % 100) {
    case 0: return CARD_BAR + CARD_BAR_STEP * (fuzz_next(f) % 6) + fuzz_next(f) % 0x4000;
    case 1: return CARD_RAM + CARD_RAM_SIZE - fuzz_next(f) % 600;
    case 2: return fuzz_next(f);
    case 3: return ~0ull - fuzz_next(f) % 64;
    case 4: return CARD_RAM + fuzz_next(f) % 0x40000;
    case 5: return CARD_MSI;
    case 6: return FUZZ_DATA + fuzz_next(f) % 0x100000;
    default: return FUZZ_DATA + (fuzz_next(f) % 0x100) * 0x1000;
    }
}

/* Registers and configuration at random; a save and restore would forget nothing of them. */
static inline void fuzz_poke(struct fuzz *f, unsigned bar, uint32_t span)
{
    pa_t at = CARD_BAR + (pa_t)CARD_BAR_STEP * bar + (fuzz_next(f) % span & ~7ull);

    switch (fuzz_next(f) % 16) {
    case 0:
        card_configure(&f->x, fuzz_next(f) % 0x100 & ~3u, 4, (uint32_t)fuzz_next(f));
        card_enable(&f->x);
        break;
    case 1:
        (void)fuzz_load(f, at, 4);
        break;
    case 2:
        fuzz_store(f, at, 8, fuzz_next(f));
        break;
    default:
        fuzz_store(f, at + 4 * (fuzz_next(f) % 2), 4, fuzz_next(f) >> fuzz_next(f) % 40);
    }
}

static inline struct machine *fuzz_machine(void)
{
    struct machine *m;
    struct err e = { 0 };

    card_must(machine_create(&m, stderr, &e) == 0 &&
                  log_configure(m->log, "error,guest=off,unmodelled=off", &e) == 0, "machine", &e);
    return m;
}

/* A fuzzer that always fails at the door, or never, tests nothing: 2, as for a crash. */
static inline int fuzz_run(int argc, char **argv, struct fuzz *f, void (*build)(struct fuzz *),
                           void (*iterate)(struct fuzz *))
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000;

    f->random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    build(f);
    machine_reset(f->x.m);
    card_enable(&f->x);
    for (uint64_t i = 0; i < n; i++) {
        if (i % 256 == 0)
            alarm(60);
        iterate(f);
    }
    alarm(0);
    printf("%llu iterations: %llu done, %llu failed, %llu starts\n", (unsigned long long)n,
           (unsigned long long)f->done, (unsigned long long)f->failed,
           (unsigned long long)f->started);
    return n < 5000 || (f->done > n / 50 && f->failed > n / 100) ? 0 : 2;
}

#endif
