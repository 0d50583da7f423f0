/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orrery fuzz: random programs in lockstep, interpreter against translated code.
 *
 * Three pairs of machines take turns: one with all the host offers, one with its newer
 * extensions hidden and other thresholds, one that compiles only what comes a second time. They are built once; for each program a
 * snapshot of the fresh machine is loaded and its RAM filled. The interpreter runs the
 * IR as the translator wrote it, so the passes are compared as well. On a difference
 * instructions are replaced by no-operations while the difference stays.
 */
#include "tools/orrery/fuzz.h"
#include "core/device/machine.h"
#include "core/state/snapshot.h"
#include "core/timing/model.h"
#include "core/util/bits.h"
#include "tools/orrery/commands.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAIRS 3
#define COMPARE 200u /* instructions between comparisons */
#define SAVE    8u   /* in one of so many programs the translating machine is saved and loaded */
#define LEAST   100u /* programs of a run: fewer do not reach every encoding */

struct side {
    struct machine *machine;
    struct mem_ram *ram;
    struct cpu *cpu;
    struct exec *exec;
    struct tm_cpu *tm;
    struct state_writer *fresh;
};

struct fuzz {
    const struct fuzz_isa *isa;
    const char *cpu, *against, *timing, *report;
    uint64_t instructions, seed, only, compare, save;
    uint32_t optimize_threshold, region_threshold; /* of all pairs; 0: each has its own */
    bool quiet;
    struct side side[PAIRS][2]; /* [][0] is the interpreter */
    struct fuzz_coverage coverage;
    struct fuzz_totals totals;
    struct fuzz_program program;
    uint64_t length; /* instructions retired until it ends */
    uint64_t save_at; /* after so many the translating machine is saved and loaded; 0: it is not */
    bool counting;
};

static const struct fuzz_isa *const isas[] = { &fuzz_riscv64, &fuzz_arm64, &fuzz_x86_64, &fuzz_loongarch64 };

static bool is_one_program(const struct fuzz *f)
{
    return f->only != UINT64_MAX;
}

/* ---- machines ---- */

/* A device whose registers say where they are. */
static enum mem_result device_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    (void)arg, (void)attrs;
    *value = zext(hash_mix(offset), 8 * size);
    return offset & 0x800 ? MEM_REFUSED : MEM_OK;
}

static enum mem_result device_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    (void)arg, (void)size, (void)value, (void)attrs;
    return offset & 0x800 ? MEM_REFUSED : MEM_OK;
}

static const struct mmio_ops device = { device_read, device_write, 1 | 2 | 4 | 8, false };

static int build_memory(const struct fuzz_isa *isa, struct side *s, struct err *e)
{
    struct mem_region *region;
    struct machine *m = s->machine;
    int rc = machine_add_ram(m, "ram", isa->ram_bytes, &s->ram, e);
    if (rc == 0)
        rc = mem_add_ram(m->memory, "ram", isa->ram, s->ram, 0, isa->ram_bytes, 0, &region, e);
    if (rc == 0)
        rc = mem_add_ram(m->memory, "alias", isa->alias, s->ram, 0, isa->ram_bytes, 0, &region, e);
    if (rc == 0)
        rc = mem_add_mmio(m->memory, "device", isa->device, 0x100000, 0, &device, NULL, &region, e);
    return rc;
}

static bool in_program(const struct fuzz_isa *isa, va_t pc)
{
    return (pc & (isa->ram_bytes - 1)) - isa->code < isa->code_bytes;
}

static void ran(void *arg, const struct cpu *cpu, va_t start, const uint16_t *ids, uint32_t n,
                uint32_t retired, bool trapped)
{
    struct fuzz *f = arg;
    if (!f->counting || !in_program(f->isa, start))
        return;
    unsigned cause = trapped ? f->isa->cause(cpu) : 0;
    if (trapped)
        f->coverage.cause[cause]++;
    if (n == 0)
        return;
    f->coverage.program += retired + trapped;
    for (uint32_t i = 0; i < retired; i++)
        if (ids[i] < f->isa->n_forms)
            f->coverage.retired[ids[i]]++;
    if (!trapped)
        return;
    if (ids[retired] >= f->isa->n_forms)
        f->coverage.undecodable++;
    else if (cause == f->isa->illegal)
        f->coverage.illegal[ids[retired]]++;
    else
        f->coverage.trapped[ids[retired]]++;
}

static int build_side(struct fuzz *f, struct side *s, unsigned pair, bool jit, struct err *e)
{
    struct exec_options o = { .mode = jit ? EXEC_JIT : EXEC_INTERP };
    o.optimize_threshold = f->optimize_threshold != 0 ? f->optimize_threshold : pair == 1 ? 100 : 6;
    o.region_threshold = f->region_threshold != 0 ? f->region_threshold : pair == 1 ? 300 : 16;
    o.host_features = pair == 1 ? ~0u : 0;
    o.coverage = o.plain = !jit;
    o.verify = pair == 1;
    o.interpret_first = pair == 2;
    o.ran = ran;
    o.ran_arg = f;
    int rc = machine_create(&s->machine, stderr, e);
    if (rc == 0)
        rc = build_memory(f->isa, s, e);
    if (rc == 0)
        rc = f->isa->build(s->machine, jit ? f->against : f->cpu, &s->cpu, e);
    if (rc == 0)
        rc = tm_create(&s->tm, f->timing, NULL, 0, e);
    if (rc < 0)
        return rc;
    s->cpu->tm = s->tm;
    rc = exec_create(&s->exec, s->machine, &o, e);
    if (rc == 0)
        rc = exec_add_cpu(s->exec, s->cpu, e);
    if (rc < 0)
        return rc;
    machine_reset(s->machine);
    rc = snapshot_create(&s->fresh, NULL, "fuzz", e);
    if (rc == 0)
        rc = machine_save(s->machine, s->fresh, e);
    return rc == 0 ? snapshot_finish(s->fresh, e) : rc;
}

static void destroy_side(struct side *s)
{
    if (s->fresh != NULL)
        snapshot_discard(s->fresh);
    if (s->exec != NULL)
        exec_destroy(s->exec);
    if (s->tm != NULL)
        tm_destroy(s->tm);
    if (s->machine != NULL)
        machine_destroy(s->machine);
}

static int fill(const struct fuzz *f, struct side *s, struct err *e)
{
    struct state_reader *r = NULL;
    machine_resume(s->machine);
    int rc = snapshot_open_memory(&r, s->fresh, e);
    if (rc < 0)
        return rc;
    rc = machine_load(s->machine, r, e);
    snapshot_close(r);
    memcpy(s->ram->host, f->program.image, f->isa->ram_bytes);
    mem_ram_written(s->ram, 0, f->isa->ram_bytes);
    return rc;
}

/* Saved, emptied and loaded again: nothing may be different from a run that was let alone. */
static int save_and_load(struct side *s, struct err *e)
{
    struct state_writer *w = NULL;
    struct state_reader *r = NULL;
    int rc = snapshot_create(&w, NULL, "fuzz", e);
    if (rc == 0)
        rc = machine_save(s->machine, w, e);
    if (rc == 0)
        rc = snapshot_finish(w, e);
    if (rc == 0 && (rc = snapshot_open_memory(&r, s->fresh, e)) == 0) {
        rc = machine_load(s->machine, r, e);
        snapshot_close(r);
    }
    if (rc == 0 && (rc = snapshot_open_memory(&r, w, e)) == 0) {
        rc = machine_load(s->machine, r, e);
        snapshot_close(r);
    }
    if (w != NULL)
        snapshot_discard(w);
    return rc;
}

/* The program as it stands. `out` NULL: only whether the two differ. */
static int run_program(struct fuzz *f, unsigned pair, FILE *out, bool *differ, struct err *e)
{
    struct side *s = f->side[pair];
    /* A trap handler that traps at once retires nothing, but time passes: a cycle for each, or what the model says. */
    uint64_t cycles = f->length * (strcmp(f->timing, "functional") == 0 ? 8 : 50);
    struct exec_limits limits = { .time = cycles * PS_PER_NS, .insns = f->length,
                                  .compare = f->compare };
    int rc = fill(f, &s[0], e);
    if (rc == 0)
        rc = fill(f, &s[1], e);
    *differ = false;
    if (rc == 0 && f->save_at != 0) {
        limits.insns = f->save_at;
        (void)exec_lockstep(s[1].exec, s[0].exec, &limits, out, differ);
        limits.insns = f->length;
        if (!*differ)
            rc = save_and_load(&s[1], e);
    }
    if (rc == 0 && !*differ)
        (void)exec_lockstep(s[1].exec, s[0].exec, &limits, out, differ);
    if (rc == 0 && (s[0].machine->stop != MACHINE_RUNS || s[1].machine->stop != MACHINE_RUNS))
        rc = err_set(e, ERR_STATE, "an executor failed; --seed and --program name what it ran");
    return rc;
}

/* ---- making a difference small ---- */

static void set_dropped(struct fuzz *f, uint32_t first, uint32_t n, const bool *was, bool drop)
{
    for (uint32_t i = first; i < first + n; i++) {
        struct fuzz_slot *s = &f->program.slot[i];
        s->dropped = drop || was[i];
        uint8_t *at = f->program.image + s->offset;
        if (s->dropped)
            f->isa->nop(s->length, at);
        else
            memcpy(at, s->code, s->length);
    }
}

static int minimise(struct fuzz *f, unsigned pair, struct err *e)
{
    bool was[FUZZ_SLOTS] = { false }, differ;
    uint32_t n = f->program.n_slots, chunk = n;
    while (chunk != 0) {
        bool smaller = false;
        for (uint32_t first = 0; first < n; first += chunk) {
            uint32_t count = MIN(chunk, n - first), left = 0;
            for (uint32_t i = first; i < first + count; i++)
                left += !was[i];
            if (left == 0)
                continue;
            set_dropped(f, first, count, was, true);
            int rc = run_program(f, pair, NULL, &differ, e);
            if (rc < 0)
                return rc;
            if (!differ)
                set_dropped(f, first, count, was, false);
            for (uint32_t i = first; i < first + count; i++)
                was[i] = f->program.slot[i].dropped;
            smaller |= differ;
        }
        if (chunk > 1)
            chunk = (chunk + 1) / 2;
        else if (!smaller)
            break;
    }
    return 0;
}

static void print_program(struct fuzz *f, unsigned pair)
{
    struct cpu *cpu = f->side[pair][0].cpu;
    char text[128];
    for (uint32_t i = 0; i < f->program.n_slots; i++) {
        const struct fuzz_slot *s = &f->program.slot[i];
        if (s->dropped)
            continue;
        if (cpu->isa->disassemble(cpu, s->offset, s->code, s->length, text, sizeof(text)) == 0)
            snprintf(text, sizeof(text), "(undecodable)");
        printf("  %#07x: ", s->offset);
        for (unsigned k = 0; k < s->length; k++) /* as a number, or those of x86 as they lie */
            printf("%02x", s->code[f->isa->bytes ? k : s->length - 1u - k]);
        printf("%*s  %s\n", s->length < 4 ? 8 - 2 * s->length : 0, "", text);
    }
}

static void print_threshold(const char *option, uint32_t threshold)
{
    if (threshold == UINT32_MAX)
        printf(" %s never", option);
    else if (threshold != 0)
        printf(" %s %" PRIu32, option, threshold);
}

/* `first`: what lockstep said when the difference was found. */
static int report_difference(struct fuzz *f, unsigned pair, uint64_t number, const char *first, struct err *e)
{
    bool differ;
    printf("program %" PRIu64 " of seed %" PRIu64 " shows a difference; repeat it with\n"
           "  orrery fuzz --isa %s --cpu %s --against %s --timing %s --seed %" PRIu64
           " --program %" PRIu64 " --compare %" PRIu64 " --save %" PRIu64, number, f->seed, f->isa->name, f->cpu,
           f->against, f->timing, f->seed, number, f->compare, f->save);
    print_threshold("--optimize-threshold", f->optimize_threshold);
    print_threshold("--region-threshold", f->region_threshold);
    putchar('\n');
    fflush(stdout);
    f->counting = false;
    int rc = run_program(f, pair, NULL, &differ, e);
    if (rc == 0 && !differ) {
        printf("It does not show alone; after the programs before it lockstep said\n%s", first);
        return 0;
    }
    if (rc == 0)
        rc = minimise(f, pair, e);
    if (rc < 0)
        return rc;
    printf("what is left of it (offsets in RAM; all else are no-operations):\n");
    print_program(f, pair);
    rc = run_program(f, pair, stdout, &differ, e);
    fflush(stdout);
    return rc;
}

/* ---- the run ---- */

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void add_stats(struct fuzz *f)
{
    struct exec_stat stats[64];
    for (unsigned pair = 0; pair < PAIRS; pair++) {
        uint32_t n = exec_stats(f->side[pair][1].exec, stats, ARRAY_LEN(stats));
        for (uint32_t i = 0; i < n; i++) {
            if (strcmp(stats[i].name, "blocks_translated") == 0)
                f->totals.blocks += stats[i].value;
            else if (strcmp(stats[i].name, "regions") == 0)
                f->totals.regions += stats[i].value;
            else if (strcmp(stats[i].name, "blocks_dropped") == 0)
                f->totals.dropped += stats[i].value;
        }
    }
}

static int run_all(struct fuzz *f, bool *differ, struct err *e)
{
    double start = seconds_now();
    bool progress = isatty(2) && !f->quiet;
    *differ = false;
    f->counting = true;
    for (uint64_t number = is_one_program(f) ? f->only : 0;; number++) {
        struct fuzz_random r = { hash_add(hash_add(0, f->seed), number) };
        unsigned pair = number % PAIRS;
        f->length = 1500ull << fuzz_below(&r, 5); /* long ones for code that gets hot */
        uint64_t other = hash_add(r.state, 1);
        f->save_at = f->save != 0 && other % f->save == 0 ? 1 + (other >> 8) % f->length : 0;
        f->isa->generate(f->side[pair][0].cpu, &f->program, &r);
        char *report = NULL;
        size_t length;
        FILE *out = open_memstream(&report, &length);
        int rc = run_program(f, pair, out, differ, e);
        if (out != NULL)
            fclose(out);
        if (rc == 0 && *differ)
            rc = report_difference(f, pair, number, report != NULL ? report : "", e);
        free(report);
        if (rc < 0)
            return err_context(e, "program %" PRIu64 " of seed %" PRIu64, number, f->seed);
        if (*differ)
            return 0;
        f->totals.programs++;
        f->totals.instructions += cpu_insns(f->side[pair][0].cpu);
        f->totals.seconds = seconds_now() - start;
        if (progress && f->totals.programs % 64 == 0)
            fprintf(stderr, "\r%" PRIu64 " of %" PRIu64, f->coverage.program, f->instructions);
        if (is_one_program(f) ||
            (f->coverage.program >= f->instructions && f->totals.programs >= LEAST))
            break;
    }
    if (progress)
        fputc('\r', stderr);
    add_stats(f);
    return 0;
}

static int prepare(struct fuzz *f, struct err *e)
{
    size_t n = f->isa->n_forms;
    f->program.image = calloc(1, f->isa->ram_bytes);
    f->coverage.retired = calloc(n, sizeof(uint64_t));
    f->coverage.illegal = calloc(n, sizeof(uint64_t));
    f->coverage.trapped = calloc(n, sizeof(uint64_t));
    if (!f->program.image || !f->coverage.retired || !f->coverage.illegal || !f->coverage.trapped)
        return err_set(e, ERR_NOMEM, "no memory for programs");
    f->totals.seed = f->seed;
    for (unsigned pair = 0; pair < PAIRS; pair++)
        for (unsigned jit = 0; jit < 2; jit++) {
            int rc = build_side(f, &f->side[pair][jit], pair, jit != 0, e);
            if (rc < 0)
                return rc;
        }
    return 0;
}

static void release(struct fuzz *f)
{
    for (unsigned pair = 0; pair < PAIRS; pair++)
        for (unsigned jit = 0; jit < 2; jit++)
            destroy_side(&f->side[pair][jit]);
    free(f->program.image);
    free(f->coverage.retired);
    free(f->coverage.illegal);
    free(f->coverage.trapped);
    free(f);
}

/* ---- the command ---- */

static void usage(FILE *out)
{
    fprintf(out,
            "usage: orrery fuzz [OPTION]...\n"
            "Run random instructions interpreted and translated side by side and compare all state.\n"
            "  --isa NAME          riscv64 (default), aarch64, x86_64, loongarch64\n"
            "  --cpu NAME          CPU profile (default max: all extensions)\n"
            "  --against NAME      another CPU profile for translated code, to see a difference found\n"
            "  --timing MODEL      timing model (default functional)\n"
            "  --instructions N    of random programs, at least (default 1000000; 100 programs at least)\n"
            "  --seed N            which programs (default 1)\n"
            "  --program N         only this program of the seed\n"
            "  --compare N         instructions between two comparisons (default 200; 1: each block)\n"
            "  --save N            save and load the translating machine on the way in one of N programs (default 8; 0: none)\n"
            "  --optimize-threshold N|never  executions before a block is compiled with care (default 6 and 100 by turns)\n"
            "  --region-threshold N|never    executions before a block grows into a region (default 16 and 300 by turns)\n"
            "  --report FILE       executions by encoding, as a table or (FILE.json) JSON; - is stdout\n"
            "The exit status is 0 when nothing differed and every encoding was executed that can be.\n");
}

static int find_isa(struct fuzz *f, const char *name, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(isas); i++)
        if (strcmp(isas[i]->name, name) == 0) {
            f->isa = isas[i];
            return 0;
        }
    return err_set(e, ERR_ARG, "--isa %s: riscv64, aarch64, x86_64 or loongarch64 is expected", name);
}

/* 1: `option` was one of a number and is taken; 0: it is not; or ERR_*. */
static int take_number(struct fuzz *f, const char *option, const char *value, struct err *e)
{
    const struct {
        const char *name;
        uint64_t least, most, *to;
    } numbers[] = {
        { "--instructions", 0, UINT64_MAX, &f->instructions }, { "--seed", 0, UINT64_MAX, &f->seed },
        { "--compare", 1, UINT64_MAX, &f->compare },           { "--save", 0, UINT64_MAX, &f->save },
        { "--program", 0, UINT64_MAX - 1, &f->only },
    };
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (strcmp(option, numbers[i].name) == 0) {
            int rc = run_parse_count(option, value, numbers[i].least, numbers[i].most, numbers[i].to, e);
            return rc < 0 ? rc : 1;
        }
    return 0;
}

static int parse(struct fuzz *f, int argc, char **argv, struct err *e)
{
    int rc = 0;
    for (int i = 0; i < argc && rc >= 0; i += 2) {
        const char *option = argv[i], *value = argv[i + 1];
        if (i + 1 >= argc)
            return err_set(e, ERR_ARG, "%s: unknown, or its value is missing (see orrery fuzz --help)",
                           option);
        if (strcmp(option, "--isa") == 0)
            rc = find_isa(f, value, e);
        else if (strcmp(option, "--cpu") == 0)
            f->cpu = value;
        else if (strcmp(option, "--against") == 0)
            f->against = value;
        else if (strcmp(option, "--timing") == 0)
            f->timing = value;
        else if (strcmp(option, "--report") == 0)
            f->report = value;
        else if (strcmp(option, "--optimize-threshold") == 0)
            rc = run_parse_threshold(option, value, &f->optimize_threshold, e);
        else if (strcmp(option, "--region-threshold") == 0)
            rc = run_parse_threshold(option, value, &f->region_threshold, e);
        else if ((rc = take_number(f, option, value, e)) == 0)
            rc = err_set(e, ERR_ARG, "there is no option %s (see orrery fuzz --help)", option);
    }
    return MIN(rc, 0);
}

int command_fuzz(int argc, char **argv)
{
    struct err e = { 0 };
    bool differ = false;
    int status = 0;
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        usage(stdout);
        return 0;
    }
    struct fuzz *f = calloc(1, sizeof(*f));
    if (f == NULL) {
        fputs("orrery fuzz: no memory\n", stderr);
        return 1;
    }
    f->isa = isas[0];
    f->timing = "functional";
    f->instructions = 1000000;
    f->seed = 1;
    f->only = UINT64_MAX;
    f->compare = COMPARE;
    f->save = SAVE;
    int rc = parse(f, argc, argv, &e);
    if (rc == 0 && f->cpu == NULL)
        f->cpu = f->isa->default_cpu;
    if (f->against == NULL)
        f->against = f->cpu;
    if (rc == 0)
        rc = prepare(f, &e);
    if (rc == 0)
        rc = run_all(f, &differ, &e);
    if (rc == 0 && f->report != NULL)
        rc = fuzz_write_report(f->isa, f->side[0][0].cpu, &f->coverage, &f->totals, f->report, &e);
    if (rc == 0 && !differ)
        fuzz_print_summary(f->isa, f->side[0][0].cpu, &f->coverage, &f->totals, stdout);
    if (rc < 0)
        fprintf(stderr, "orrery fuzz: %s\n", e.text);
    else if (differ || (!is_one_program(f) && fuzz_missing(f->isa, f->side[0][0].cpu, &f->coverage) != 0))
        status = 1;
    release(f);
    return rc < 0 ? 2 : status;
}
