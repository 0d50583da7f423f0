/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/calendar.h"

#define CYCLE_YEARS 400 /* of the Gregorian calendar: 146097 days */

/* Years begin with March. */
int64_t calendar_days(int64_t year, int64_t month, int64_t day)
{
    int64_t m = (year + CYCLE_YEARS) * 12 + month - 3, y = m / 12;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m % 12 * 153 + 2) / 5 + day - 1;
}

void calendar_date(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    int64_t era = days / 146097, in_era = days % 146097;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100), m = (5 * in_year + 2) / 153;
    *day = (unsigned)(in_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = (unsigned)((era - 1) * CYCLE_YEARS + y + (m >= 10));
}
