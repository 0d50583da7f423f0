/* SPDX-License-Identifier: Apache-2.0 */
/* -smp by QEMU's rules: what follows from what is given. */
#include "core/util/bits.h"
#include "devices/board/board.h"
#include "test/check_main.h"
#include <string.h>

#define ALL (BOARD_DIES | BOARD_CLUSTERS | BOARD_MODULES)
/* cpus, max, sockets, dies, clusters, modules, cores, threads */
static const struct {
    struct board_topology given, want;
} rows[] = {
    { { 0 }, { 1, 1, 1, 1, 1, 1, 1, 1 } },
    { { .cpus = 8 }, { 8, 8, 1, 1, 1, 1, 8, 1 } },                            /* cores before sockets, */
    { { .cpus = 8, .cores = 2 }, { 8, 8, 4, 1, 1, 1, 2, 1 } },                /* sockets before threads */
    { { .cpus = 8, .sockets = 2 }, { 8, 8, 2, 1, 1, 1, 4, 1 } },
    { { .cpus = 8, .sockets = 2, .cores = 2 }, { 8, 8, 2, 1, 1, 1, 2, 2 } },
    { { .sockets = 3, .cores = 5, .threads = 2 }, { 30, 30, 3, 1, 1, 1, 5, 2 } },
    { { .cpus = 12, .dies = 2, .threads = 2 }, { 12, 12, 1, 2, 1, 1, 3, 2 } },
    { { .cpus = 48, .dies = 2, .modules = 3, .cores = 4 }, { 48, 48, 2, 2, 1, 3, 4, 1 } },
    { { .cpus = 3, .max = 8 }, { 3, 8, 1, 1, 1, 1, 8, 1 } },
    { { .max = 6, .clusters = 3, .threads = 2 }, { 6, 6, 1, 1, 3, 1, 1, 2 } },
};
START_TEST(completed)
{
    struct board_topology t = rows[_i].given;
    struct err e = { 0 };
    ck_assert_msg(board_complete_topology(&t, ALL, &e) == 0, "%s", e.text);
    ck_assert_int_eq(memcmp(&t, &rows[_i].want, sizeof(t)), 0);
}
END_TEST

static const struct {
    struct board_topology given;
    uint32_t levels;
    const char *says;
} refused[] = {
    { { .cpus = 6, .sockets = 4 }, ALL, "product of the hierarchy must match maxcpus" },
    { { .cpus = 5, .sockets = 2, .cores = 2 }, ALL, "must match maxcpus" },
    { { .cpus = 9, .max = 4 }, ALL, "maxcpus must be equal to or greater than smp" },
    { { .cpus = 4, .dies = 2 }, 0, "dies > 1 not supported" },
    { { .cpus = 4, .clusters = 2 }, BOARD_DIES | BOARD_MODULES, "clusters > 1 not supported" },
    { { .cpus = 4, .modules = 2 }, BOARD_CLUSTERS, "modules > 1 not supported" },
    { { .dies = 4096, .clusters = 4096, .modules = 4096, .cores = 4096 }, ALL, "too many" },
    { { .sockets = 4096, .cores = 4096, .threads = 4096 }, ALL, "must match" },
};
START_TEST(what_is_refused)
{
    struct board_topology t = refused[_i].given;
    struct err e = { 0 };
    ck_assert_int_eq(board_complete_topology(&t, refused[_i].levels, &e), ERR_ARG);
    ck_assert_msg(strstr(e.text, refused[_i].says) != NULL, "%s", e.text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices/board/topology");
    TCase *c = tcase_create("topology");
    tcase_add_loop_test(c, completed, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(c, what_is_refused, 0, ARRAY_LEN(refused));
    suite_add_tcase(s, c);
    return s;
}
