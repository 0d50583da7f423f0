/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_SCREENDUMP_H
#define ORRERY_DEVICES_BACKEND_SCREENDUMP_H
/*
 * A picture of a display in a file: PNG (ISO/IEC 15948, through libpng) or PPM (netpbm's
 * raw form, "P6").
 */
#include "devices/backend/display.h"

enum screendump_format { SCREENDUMP_BY_NAME /* FILE.png: PNG, else PPM */, SCREENDUMP_PNG, SCREENDUMP_PPM };

/* "png" or "ppm" */
int screendump_parse(enum screendump_format *f, const char *text, struct err *e) MUST_CHECK;

/*
 * Refresh display `id` (NULL: the first) and write it. ERR_ABSENT: there is no such display, or it
 * shows nothing at the moment; ERR_IO.
 */
int screendump_write(const struct host *h, const char *id, const char *path, enum screendump_format f,
                     struct err *e) MUST_CHECK;

#endif
