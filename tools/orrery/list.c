/* SPDX-License-Identifier: Apache-2.0 */
/* orrery list: what can be named on the command line. */
#include "tools/orrery/commands.h"
#include "core/timing/model.h"
#include "cpu/arm64/cpu.h"
#include "cpu/riscv/cpu.h"
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
    }
}

/* First comment line of a profile: "; one-line description". */
static void list_cpu(const char *name, const char *text)
{
    text += strspn(text, "; #");
    printf("  %-16s %.*s\n", name, (int)strcspn(text, "\n"), text);
}

void list_cpus(const char *arch)
{
    if (!arch || strcmp(arch, "riscv64") == 0) {
        printf("riscv64:\n");
        for (const struct rv_profile *p = rv_profiles; p->name; p++)
            list_cpu(p->name, p->text);
    }
    if (!arch || strcmp(arch, "aarch64") == 0) {
        printf("aarch64:\n");
        for (const struct a64_profile *p = a64_profiles; p->name; p++)
            list_cpu(p->name, p->text);
    }
}

void list_devices(void)
{
    for (const struct board_ops *const *b = board_list; *b; b++) {
        printf("%s:\n", (*b)->name);
        for (const struct board_device *d = (*b)->devices; d->name; d++)
            printf("  %-24s %s\n", d->name, d->doc);
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

int command_list(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } lists[] = {
        { "boards", all_boards }, { "cpus", all_cpus }, { "devices", list_devices },
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
