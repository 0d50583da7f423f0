/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles and QEMU's property syntax, on an ISA made up here: the reader alone. */
#include "core/cpu/profile.h"
#include "test/check_main.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct toy {
    char name[CPU_PROFILE_NAME];
    uint32_t width, features;
    uint64_t clock;
    char maker[16];
    uint32_t rows;
};

enum { FAST = 1, WIDE = 2, FUTURE = 4, NEEDY = 8 };

static int turn(void *config, uint32_t bit, bool on, struct err *e)
{
    struct toy *t = config;
    if (bit == FUTURE && on)
        return err_set(e, ERR_UNSUPPORTED, "future is not modelled");
    t->features = on ? t->features | bit : t->features & ~bit;
    return 0;
}

static bool is_on(const void *config, uint32_t bit)
{
    return ((const struct toy *)config)->features & bit;
}

static int set_maker(void *config, const char *key, const char *value, struct err *e)
{
    struct toy *t = config;
    if (strlen(value) != 4)
        return err_set(e, ERR_ARG, "%s=%s: four letters are accepted", key, value);
    memcpy(t->maker, value, 5);
    return 0;
}

static const struct cpu_property properties[] = {
    CPU_NUMBER(toy, "width", width, 1, 64),
    CPU_NUMBER(toy, "line-width_max", width, 1, 64), /* another name */
    CPU_NUMBER(toy, "clock", clock, 0, UINT64_MAX),
    CPU_TEXT("maker", set_maker),
    CPU_SWITCH("fast", turn, is_on, FAST),
    CPU_SWITCH("wide", turn, is_on, WIDE),
    CPU_SWITCH("future", turn, is_on, FUTURE),
    CPU_SWITCH("needy", turn, is_on, NEEDY),
    CPU_SWITCH("broad", turn, NULL, WIDE), /* another name */
    CPU_SWITCH("fast", turn, is_on, WIDE), /* never reached */
    { .name = NULL },
};

static const struct cpu_profile texts[] = {
    { "plain", "; as it comes\n[cpu]\nwidth = 8\nfeatures = fast wide -fast\nmaker = Plai\n"
               "[cells]\n3 = 0x30\n[sometime]\nload = 2\n" },
    { "better", "[cpu]\nbase = plain\nfeatures = fast\nclock = 5\n" },
    { "loop", "[cpu]\nbase = loop\n" },
    { "late", "[cpu]\nwidth = 8\nbase = plain\n" },
    { "bad-row", "[cells]\n9 = 1\n" },
    { "bad-line", "[cpu]\nwidth\n" },
    { "bad-value", "[cpu]\n\nwidth = 0\n" },
    { "a-name-longer-than-the-thirty-one-characters", "[cpu]\nwidth = 8\n" },
    { NULL, NULL },
};

static void defaults(void *config)
{
    ((struct toy *)config)->clock = 1000;
}

static int row(void *config, const char *key, const char *value, struct err *e)
{
    uint64_t n;
    (void)e;
    if (strcmp(key, "3") != 0 || !cpu_parse_u64(value, &n))
        return ERR_ABSENT;
    ((struct toy *)config)->rows += (uint32_t)n;
    return 0;
}

static int settle(void *config, struct err *e)
{
    struct toy *t = config;
    if ((t->features & NEEDY) && !(t->features & FAST))
        return err_set(e, ERR_ARG, "needy needs fast");
    return 0;
}

static const struct cpu_profiles toys = {
    .what = "a toy", .list = "features", .table = "cells", .profiles = texts,
    .properties = properties, .size = sizeof(struct toy), .defaults = defaults, .row = row,
    .settle = settle,
};

static const struct {
    const char *spec;
    int rc;
    const char *says; /* of an error */
    uint32_t width, features;
} specs[] = {
    { "plain", 0, "", 8, WIDE },
    { "better", 0, "", 8, FAST | WIDE },
    { "plain,width=0x10,+fast,-wide", 0, "", 16, FAST },
    { "plain,line_width-max=9", 0, "", 9, WIDE },
    { "plain,line_width=9", ERR_ARG, "is no property", 0, 0 },
    { "plain,fast,wide=no", 0, "", 8, FAST },
    { "plain,x-Fast=true,BROAD=0", 0, "", 8, FAST },
    { "plain,future=off", 0, "", 8, WIDE },
    { "plain,maker=MiXd", 0, "", 8, WIDE },
    { "plain,needy,fast", 0, "", 8, FAST | WIDE | NEEDY },
    { "plain,needy", ERR_ARG, "cpu plain,needy: needy needs fast" },
    { "plain,future", ERR_UNSUPPORTED, "future is not modelled" },
    { "plain,width=65", ERR_ARG, "width=65: a number from 1 to 64 is accepted" },
    { "plain,width=-1", ERR_ARG, "a number from 1 to 64" },
    { "plain,width", ERR_ARG, "width=on" },
    { "plain,width= 3", ERR_ARG, "a number" },
    { "plain,clock=0x10000000000000000", ERR_ARG, "a number" },
    { "plain,fast=maybe", ERR_ARG, "fast=maybe: on and off are accepted" },
    { "plain,fats", ERR_ARG, "fats is no property of a toy; did you mean fast?" },
    { "plain,base=better", ERR_ARG, "base is no property" },
    { "plain,maker=me", ERR_ARG, "maker=me: four letters are accepted" },
    { "plian", ERR_ABSENT, "no CPU profile plian; did you mean plain?" },
    { "", ERR_ARG, "names no profile" },
    { "loop", ERR_LIMIT, "stand on each other" },
    { "late", ERR_FORMAT, "before all other properties" },
    { "bad-row", ERR_ARG, "9 has no place in [cells]" },
    { "bad-line", ERR_FORMAT, "line 2 is not" },
    { "bad-value", ERR_ARG, "CPU profile bad-value, line 3: width=0" },
    { "a-name-longer-than-the-thirty-one-characters", ERR_LIMIT, "at most 31 characters" },
};

START_TEST(one_spec)
{
    struct toy t;
    struct err e = { 0 };
    int rc = cpu_profile_parse(&toys, &t, specs[_i].spec, NULL, &e);
    ck_assert_msg(rc == specs[_i].rc, "\"%s\": %d %s", specs[_i].spec, rc, e.text);
    ck_assert_msg(rc == 0 || strstr(e.text, specs[_i].says), "\"%s\": %s", specs[_i].spec, e.text);
    if (rc == 0) {
        ck_assert_uint_eq(t.width, specs[_i].width);
        ck_assert_uint_eq(t.features, specs[_i].features);
        ck_assert_int_eq(strncmp(t.name, specs[_i].spec, strlen(t.name)), 0);
        ck_assert_uint_eq(t.rows, 0x30 * (strncmp(t.name, "plain", 5) == 0 || t.name[0] == 'b'));
    }
}
END_TEST

START_TEST(values)
{
    struct toy t;
    ck_assert_int_eq(cpu_profile_parse(&toys, &t, "better,maker=ABcd", NULL, NULL), 0);
    ck_assert_str_eq(t.name, "better");
    ck_assert_str_eq(t.maker, "ABcd"); /* values keep their case */
    ck_assert_uint_eq(t.clock, 5);
    ck_assert_int_eq(cpu_profile_parse(&toys, &t, "plain", NULL, NULL), 0);
    ck_assert_uint_eq(t.clock, 1000);
    char spec[1100] = "plain";
    for (size_t n = 5; n < sizeof(spec) - 1; n += 3)
        snprintf(spec + n, sizeof(spec) - n, ",+fast");
    ck_assert_int_eq(cpu_profile_parse(&toys, &t, spec, NULL, NULL), ERR_LIMIT);
}
END_TEST

/* A file of the folder comes before what is built in, and may stand on it. */
START_TEST(files)
{
    char folder[] = "/tmp/orrery-profile-XXXXXX", path[64];
    struct toy t;
    struct err e = { 0 };
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/mine.ini", folder);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs("; mine\n[cpu]\nbase = better\nwidth = 3 ; inline\n", f);
    fclose(f);
    int rc = cpu_profile_parse(&toys, &t, "mine,-wide", folder, &e);
    struct toy other;
    int bad = cpu_profile_parse(&toys, &other, "../mine", folder, NULL);
    unlink(path);
    rmdir(folder);
    ck_assert_msg(rc == 0, "%s", e.text);
    ck_assert_int_eq(bad, ERR_ABSENT);
    ck_assert_uint_eq(t.width, 3);
    ck_assert_uint_eq(t.features, FAST);
    ck_assert_uint_eq(t.clock, 5);
}
END_TEST

static void add_name(void *arg, const char *name, bool on)
{
    char *text = arg;
    snprintf(text + strlen(text), 64, "%s%s ", on ? "+" : "-", name);
}

/* What can be turned, by the names that count; `needy` can with another. */
START_TEST(switches)
{
    char text[200] = "";
    ck_assert_int_eq(cpu_profile_switches(&toys, "plain", add_name, text, NULL), 0);
    ck_assert_str_eq(text, "-fast +wide -needy ");
    ck_assert_int_eq(cpu_profile_switches(&toys, "late", add_name, text, NULL), ERR_FORMAT);
    ck_assert_ptr_null(cpu_profile_find(&toys, "none"));
    ck_assert_str_eq(cpu_profile_find(&toys, "plain")->text, texts[0].text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("core/cpu/profile");
    TCase *t = tcase_create("profile");
    tcase_add_loop_test(t, one_spec, 0, ARRAY_LEN(specs));
    tcase_add_test(t, values);
    tcase_add_test(t, files);
    tcase_add_test(t, switches);
    suite_add_tcase(s, t);
    return s;
}
