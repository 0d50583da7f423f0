/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_CALENDAR_H
#define ORRERY_DEVICES_CALENDAR_H
/*
 * Days and dates of the Gregorian calendar, extended backwards, for clocks that count in years and months. Days are
 * counted from 1 March of the year -400 and must not be before it. Pure functions.
 */
#include "core/util/types.h"

/* 1 January 1970. */
#define CALENDAR_1970 865565

/* `month` and `day` count from 1; ones out of range carry over into the next or stem from the last. */
int64_t calendar_days(int64_t year, int64_t month, int64_t day);
void calendar_date(int64_t days, unsigned *year, unsigned *month, unsigned *day);

#endif
