/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host runs out of memory at the n-th request, for every n: building, saving and
 * restoring a machine each end with ERR_NOMEM, and nothing is leaked (the sanitizer
 * build looks). The linker sends the allocations of our code here (host_memory.cmake).
 */
#include "core/device/device.h"
#include "core/state/snapshot.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int64_t left = -1; /* requests granted before one fails; negative: all are */

static bool refuse(void)
{
    return left >= 0 && left-- == 0;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
    return refuse() ? NULL : __real_malloc(n);
}
void *__real_calloc(size_t k, size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_calloc(size_t k, size_t n)
{
    return refuse() ? NULL : __real_calloc(k, n);
}
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n)
{
    return refuse() ? NULL : __real_realloc(p, n);
}
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s)
{
    return refuse() ? NULL : __real_strdup(s);
}
void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    return refuse() ? MAP_FAILED : __real_mmap(at, n, prot, flags, fd, offset);
}

struct part {
    struct device dev;
    struct ev_timer timer;
    uint32_t value;
};
static const struct state_field part_state[] = { STATE_TIMER(part, timer), STATE(part, value),
                                                 STATE_END };
static const struct reg_desc part_regs[] = { REG32(0, "VALUE", REG_AT(part, value)) };
static const struct device_ops part_ops = {
    .name = "part", .size = sizeof(struct part), .regs = part_regs, .n_regs = 1, .mmio_size = 4,
    .state = part_state,
};

static void fire(void *arg, ps_t when)
{
    (void)arg, (void)when;
}

static int build(struct machine **out, struct err *e)
{
    struct machine *m = NULL;
    struct mem_ram *ram = NULL;
    int rc = machine_create(&m, stderr, e);
    if (rc < 0)
        return rc;
    rc = machine_add_ram(m, "ram", 4 * MEM_PAGE, &ram, e);
    if (rc == 0)
        rc = mem_add_ram(m->memory, "ram", 0, ram, 0, ram->size, 0, NULL, e);
    for (unsigned i = 0; rc == 0 && i < 20; i++) { /* enough to let the lists grow */
        struct part *p = device_create(m, &part_ops, (char[]){ 'p', (char)('a' + i), 0 }, e);
        rc = p ? 0 : e->code;
        if (rc == 0 && ev_timer_init(&p->timer, m->queue, "t", 0, fire, p) < 0)
            rc = err_set(e, ERR_NOMEM, "timer");
        if (rc == 0)
            rc = device_map(&p->dev, m->memory, 0x10000 + i * 16, e);
    }
    if (rc == 0) {
        memset(ram->host, 1, 100);
        *out = m;
    } else {
        machine_destroy(m);
    }
    return rc;
}

static int save(struct machine *m, const char *path, struct state_writer **out, struct err *e)
{
    struct state_writer *w = NULL;
    int rc = snapshot_create(&w, path, "m", e);
    if (rc < 0)
        return rc;
    rc = machine_save(m, w, e);
    if (rc < 0) {
        snapshot_discard(w);
        return rc;
    }
    rc = snapshot_finish(w, e);
    if (rc < 0 && !path)
        snapshot_discard(w);
    else if (!path)
        *out = w;
    return rc;
}

START_TEST(building)
{
    struct machine *m = NULL;
    struct err e = { 0 };
    int rc = ERR_NOMEM;
    int64_t n = 0;
    for (; rc != 0; n++) {
        left = n;
        rc = build(&m, &e);
        left = -1;
        ck_assert_msg(rc == 0 || (rc == ERR_NOMEM && e.code == ERR_NOMEM), "request %d: %d, %s",
                      (int)n, rc, e.text);
        ck_assert_int_lt(n, 500);
    }
    ck_assert_int_gt(n, 20); /* every list was refused somewhere */
    machine_destroy(m);
}
END_TEST

START_TEST(saving)
{
    struct machine *m = NULL;
    struct state_writer *w = NULL;
    struct err e = { 0 };
    char path[] = "/tmp/orrery-host-memory-XXXXXX";
    close(mkstemp(path));
    ck_assert_int_eq(build(&m, &e), 0);
    for (unsigned to_file = 0; to_file < 2; to_file++) {
        int rc = ERR_NOMEM;
        for (int64_t n = 0; rc != 0; n++) {
            left = n;
            rc = save(m, to_file ? path : NULL, &w, &e);
            left = -1;
            ck_assert_msg(rc == 0 || rc == ERR_NOMEM, "request %d: %d, %s", (int)n, rc, e.text);
            ck_assert_int_lt(n, 500);
        }
    }
    unlink(path);
    snapshot_discard(w);
    machine_destroy(m);
}
END_TEST

START_TEST(restoring)
{
    struct machine *m = NULL;
    struct state_writer *w = NULL;
    struct err e = { 0 };
    ck_assert_int_eq(build(&m, &e), 0);
    ck_assert_int_eq(save(m, NULL, &w, &e), 0);
    int rc = ERR_NOMEM;
    for (int64_t n = 0; rc != 0; n++) {
        struct state_reader *r = NULL;
        left = n;
        rc = snapshot_open_memory(&r, w, &e);
        if (rc == 0)
            rc = machine_load(m, r, &e);
        left = -1;
        snapshot_close(r);
        ck_assert_msg(rc == 0 || rc == ERR_NOMEM, "request %d: %d, %s", (int)n, rc, e.text);
        ck_assert_int_lt(n, 500);
    }
    snapshot_discard(w);
    machine_destroy(m);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("host memory");
    TCase *c = tcase_create("host memory");
    tcase_add_test(c, building);
    tcase_add_test(c, saving);
    tcase_add_test(c, restoring);
    suite_add_tcase(s, c);
    return s;
}
