/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program. Called as `orrery COMMAND` it is a tool with sub-commands; called
 * (through a link) as orrery-system-ARCH it takes QEMU's flags.
 */
#include "tools/orrery/commands.h"
#include <stdlib.h>
#include <string.h>

static int cmd_run(int argc, char **argv)
{
    static struct run_options options; /* large; one run a process */
    struct err e = { 0 };

    run_defaults(&options);
    int r = run_parse_native(&options, argc, argv, &e);
    if (r < 0) {
        fprintf(stderr, "orrery: %s\n", e.text);
        return 1;
    }
    return r == 1 ? 0 : run_machine(&options);
}

static int cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("orrery " ORRERY_VERSION "\n");
    return 0;
}

static int cmd_help(int argc, char **argv);

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "run", cmd_run, "run a machine (orrery run --help)" },
    { "list", command_list, "list boards, cpus, devices or models" },
    { "bench", command_bench, "measure against QEMU (orrery bench --help)" },
    { "conform", command_conform, "run a directory of conformance tests" },
    { "fuzz", command_fuzz, "run random instructions under both executors and compare" },
    { "help", cmd_help, "this text" },
    { "version", cmd_version, "print the version" },
};

static int cmd_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("usage: orrery COMMAND [OPTION]...\n\nA cycle-approximate full-system emulator. Commands:\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].help);
    printf("\norrery-system-riscv64, -aarch64, -loongarch64 and -x86_64 are the same program with QEMU's flags.\n");
    return 0;
}

int main(int argc, char **argv)
{
    static const char prefix[] = "orrery-system-";
    const char *slash = strrchr(argv[0], '/');
    const char *program = slash ? slash + 1 : argv[0];

    if (strncmp(program, prefix, sizeof(prefix) - 1) == 0) {
        static struct run_options options;
        struct err e = { 0 };
        run_defaults(&options);
        int r = run_parse_qemu(&options, program + sizeof(prefix) - 1, argc - 1, argv + 1, &e);
        if (r < 0) {
            fprintf(stderr, "%s\n", e.text);
            return 1;
        }
        return r == 1 ? 0 : run_machine(&options);
    }
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return cmd_help(0, NULL);
    if (strcmp(argv[1], "--version") == 0)
        return cmd_version(0, NULL);
    const char *names[ARRAY_LEN(commands)];
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        names[i] = commands[i].name;
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    }
    const char *near = err_nearest(argv[1], names, ARRAY_LEN(names));
    fprintf(stderr, "orrery: there is no command '%s'%s%s%s; 'orrery help' lists them\n", argv[1],
            near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
    return 1;
}
