/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_MEDIA_H
#define ORRERY_DEVICES_BOARD_MEDIA_H
/*
 * Discs of a machine's CD-ROM drives, changed while it runs: the monitor's `change` and `eject`.
 *
 * Another disc is an input of the machine (devices/backend/host.h): it takes effect in host_poll, a recording holds the
 * file's name, and a replay opens that file again. A snapshot holds the names, too; where such a file is gone, the drive
 * is empty afterwards and the log says so.
 *
 * Ownership: the drive and the disc it begins with stay the caller's; later discs are ours.
 */
#include "devices/ata.h"

struct host;
struct media;

enum { MEDIA_DRIVES = 16, MEDIA_PATH = 1024 };

/* While building. `drive` is a CD-ROM drive with its first disc in place; `id` is copied. *m is made when it is NULL. */
int media_add(struct media **m, struct machine *machine, struct host *host, const char *id, struct ata_drive *drive,
              struct err *e) MUST_CHECK;

/*
 * Another disc, NULL: none. `format` as -drive has it, or NULL: by its contents. ERR_ABSENT: no such drive; ERR_STATE:
 * the guest has locked it, and was asked to let go; `force` takes no notice. What block_open says of the file.
 */
int media_change(struct media *m, const char *id, const char *path, const char *format, bool force,
                 struct err *e) MUST_CHECK;

/* The n-th drive: its id, what is in it ("" for nothing). False: there are no more. NULL is fine. */
bool media_list(const struct media *m, uint32_t n, const char **id, const char **path, bool *locked);

#endif
