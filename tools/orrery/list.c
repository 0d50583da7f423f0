/* SPDX-License-Identifier: Apache-2.0 */
/* orrery list: what can be named on the command line. */
#include "tools/orrery/commands.h"
#include "core/timing/model.h"
#include "cpu/arm64/cpu.h"
#include "cpu/loongarch/cpu.h"
#include "cpu/riscv/cpu.h"
#include "cpu/x86/cpu.h"
#include "tools/orrery/option_table.h"
#include <string.h>

void list_boards(const char *arch)
{
    for (const struct board_ops *const *b = board_list; *b; b++) {
        if (arch && strcmp((*b)->qemu_arch, arch) != 0)
            continue;
        printf("%-16s %s\n", (*b)->name, (*b)->doc);
        for (const char *const *alias = (*b)->aliases; *alias; alias++)
            printf("  also %s\n", *alias);
        if ((*b)->versions)
            printf("  also %sN.M\n", (*b)->versions);
    }
}

/* Switches in one state: words behind a heading, wrapped. */
struct switch_list {
    bool on;
    size_t column;
};

static void list_switch(void *arg, const char *name, bool on)
{
    struct switch_list *l = arg;
    if (on != l->on)
        return;
    if (l->column == 0 || l->column + 1 + strlen(name) > 99)
        l->column = (size_t)printf("%s    %-4s", l->column == 0 ? "" : "\n",
                                   l->column != 0 ? "" : on ? "on:" : "off:");
    l->column += (size_t)printf(" %s", name);
}

/* The first comment line describes a profile: "; one-line description". */
static void list_cpu(const struct cpu_profiles *all, const struct cpu_profile *p)
{
    const char *text = p->text + strspn(p->text, "; #");
    printf("  %-16s %.*s\n", p->name, (int)strcspn(text, "\n"), text);
    for (int on = 1; on >= 0; on--) {
        struct switch_list l = { .on = on };
        if (cpu_profile_switches(all, p->name, list_switch, &l, NULL) == 0 && l.column != 0)
            printf("\n");
    }
    printf("    timing:");
    for (const struct tm_model *const *m = tm_models; *m; m++)
        if (tm_suits(*m, p->text))
            printf(" %s", (*m)->name);
    printf("\n");
}

void list_cpus(const char *arch)
{
    static const struct {
        const char *arch;
        const struct cpu_profiles *all;
    } isas[] = { { "riscv64", &rv_profiles }, { "aarch64", &a64_profiles }, { "loongarch64", &la_profiles }, { "x86_64", &x86_profiles } };
    for (size_t i = 0; i < ARRAY_LEN(isas); i++) {
        if (arch && strcmp(arch, isas[i].arch) != 0)
            continue;
        printf("%s:\n", isas[i].arch);
        for (const struct cpu_profile *p = isas[i].all->profiles; p->name; p++)
            list_cpu(isas[i].all, p);
    }
}

/* In QEMU's spelling for its command line: scripts look for a quoted name. */
void list_devices(const char *arch)
{
    for (const struct board_ops *const *b = board_list; *b; b++) {
        if (arch && strcmp((*b)->qemu_arch, arch) != 0)
            continue;
        if (!arch)
            printf("%s:\n", (*b)->name);
        for (const struct board_device *d = (*b)->devices; d->name; d++)
            printf(arch ? "name \"%s\", desc \"%s\"\n" : "  %-24s %s\n", d->name, d->doc);
    }
}

void list_models(void)
{
    for (const struct tm_model *const *m = tm_models; *m; m++) {
        printf("%-16s %s\n", (*m)->name, (*m)->doc);
        for (const struct tm_param *p = (*m)->params; p && p->name; p++)
            printf("  %-18s %llu..%llu, default %llu: %s\n", p->name, (unsigned long long)p->least,
                   (unsigned long long)p->most, (unsigned long long)p->def, p->meaning);
    }
}

static void all_boards(void)
{
    list_boards(NULL);
}

static void all_cpus(void)
{
    list_cpus(NULL);
}

static void all_devices(void)
{
    list_devices(NULL);
}

int command_list(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } lists[] = {
        { "boards", all_boards }, { "cpus", all_cpus }, { "devices", all_devices },
        { "models", list_models },
    };

    for (size_t i = 0; argc == 1 && i < ARRAY_LEN(lists); i++) {
        if (strcmp(argv[0], lists[i].name) == 0) {
            lists[i].print();
            return 0;
        }
    }
    fprintf(stderr, "usage: orrery list boards|cpus|devices|models\n");
    return 1;
}
