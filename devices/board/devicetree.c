/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/devicetree.h"
#include "core/util/bytes.h"
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void note(struct dt *t, int error, const char *where)
{
    if (error >= 0 || t->error < 0)
        return;
    t->error = error;
    snprintf(t->where, sizeof(t->where), "%s", where);
}

int dt_begin(struct dt *t, struct err *e)
{
    *t = (struct dt){ .blob = malloc(DT_BYTES), .size = DT_BYTES };
    if (!t->blob)
        return err_set(e, ERR_NOMEM, "no memory for a device tree");
    note(t, fdt_create(t->blob, (int)t->size), "tree");
    note(t, fdt_finish_reservemap(t->blob), "reservation map");
    note(t, fdt_begin_node(t->blob, ""), "/");
    return 0;
}

void dt_node(struct dt *t, const char *fmt, ...)
{
    char name[64];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(name, sizeof(name), fmt, ap);
    va_end(ap);
    if (t->error == 0)
        note(t, fdt_begin_node(t->blob, name), name);
}

void dt_end(struct dt *t)
{
    if (t->error == 0)
        note(t, fdt_end_node(t->blob), "end of node");
}

void dt_bytes(struct dt *t, const char *name, const void *bytes, uint32_t n)
{
    if (t->error == 0)
        note(t, fdt_property(t->blob, name, bytes, (int)n), name);
}

void dt_empty(struct dt *t, const char *name)
{
    dt_bytes(t, name, "", 0);
}

void dt_string(struct dt *t, const char *name, const char *value)
{
    dt_bytes(t, name, value, (uint32_t)strlen(value) + 1);
}

void dt_cells(struct dt *t, const char *name, const uint32_t *cells, uint32_t n)
{
    void *place = NULL;

    if (t->error < 0)
        return;
    note(t, fdt_property_placeholder(t->blob, name, (int)n * 4, &place), name);
    for (uint32_t i = 0; place && i < n; i++)
        st_be32((uint8_t *)place + 4 * i, cells[i]);
}

void dt_u64(struct dt *t, const char *name, uint64_t value)
{
    dt_cell(t, name, (uint32_t)(value >> 32), (uint32_t)value);
}

void dt_reg(struct dt *t, uint64_t base, uint64_t size)
{
    dt_cell(t, "reg", (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
             (uint32_t)size);
}

int dt_done(struct dt *t, uint8_t **blob, uint32_t *size, struct err *e)
{
    dt_end(t);
    if (t->error == 0)
        note(t, fdt_finish(t->blob), "end of tree");
    if (t->error < 0) {
        int r = err_set(e, ERR_LIMIT, "device tree: '%s': %s", t->where, fdt_strerror(t->error));
        free(t->blob);
        return r;
    }
    *blob = t->blob;
    *size = fdt_totalsize(t->blob);
    return 0;
}

int dt_set_chosen(uint8_t **blob, uint32_t *size, const char *bootargs, uint64_t initrd,
                   uint64_t initrd_end, struct err *e)
{
    uint32_t room = *size + 4096 + (bootargs ? (uint32_t)strlen(bootargs) : 0);
    int r = fdt_check_header(*blob);

    if (r == 0 && fdt_totalsize(*blob) > *size)
        r = -FDT_ERR_TRUNCATED;
    if (r < 0)
        return err_set(e, ERR_FORMAT, "device tree: %s", fdt_strerror(r));
    uint8_t *wide = malloc(room);
    if (!wide)
        return err_set(e, ERR_NOMEM, "no memory for a device tree of %u bytes", room);
    r = fdt_open_into(*blob, wide, (int)room);
    int chosen = r < 0 ? r : fdt_path_offset(wide, "/chosen");
    if (chosen == -FDT_ERR_NOTFOUND)
        chosen = fdt_add_subnode(wide, 0, "chosen");
    r = chosen < 0 ? chosen : 0;
    if (r == 0 && bootargs)
        r = fdt_setprop_string(wide, chosen, "bootargs", bootargs);
    if (r == 0 && initrd_end > initrd)
        r = fdt_setprop_u64(wide, chosen, "linux,initrd-start", initrd);
    if (r == 0 && initrd_end > initrd)
        r = fdt_setprop_u64(wide, chosen, "linux,initrd-end", initrd_end);
    if (r == 0)
        r = fdt_pack(wide);
    if (r < 0) {
        free(wide);
        return err_set(e, ERR_FORMAT, "device tree: /chosen: %s", fdt_strerror(r));
    }
    free(*blob);
    *blob = wide;
    *size = fdt_totalsize(wide);
    return 0;
}
