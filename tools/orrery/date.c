/* SPDX-License-Identifier: Apache-2.0 */
/* The date at power-on: --rtc and QEMU's -rtc. */
#include "tools/orrery/run.h"
#include <string.h>
#include <time.h>

/* The host's clock is read once, here: from then on it is an input like any other option. */
static bool host_date(const char *text, time_t *t)
{
    struct tm local;

    *t = time(NULL);
    if (strcmp(text, "utc") == 0)
        return true;
    if (strcmp(text, "localtime") != 0 || !localtime_r(t, &local))
        return false;
    *t += local.tm_gmtoff; /* the RTC shows what a clock on the wall does */
    return true;
}

int run_parse_date(const char *text, uint64_t *seconds, struct err *e)
{
    static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d" };
    uint64_t number;
    time_t t;
    bool known = host_date(text, &t);

    if (!known && run_parse_count("date", text, 0, UINT32_MAX, &number, NULL) == 0) {
        *seconds = number;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(formats) && !known; i++) {
        struct tm when = { 0 };
        const char *end = strptime(text, formats[i], &when);

        int day = when.tm_mday;
        t = timegm(&when);
        known = end && *end == 0 && when.tm_mday == day; /* no 30th of February */
    }
    if (!known || t < 0 || t > UINT32_MAX)
        return err_set(e, ERR_ARG, "date '%s' is not understood; accepted are utc, localtime, "
                       "2026-01-31, 2026-01-31T12:00:00 and seconds since 1970, up to 2106", text);
    *seconds = (uint64_t)t;
    return 0;
}
