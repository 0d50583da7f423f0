/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/devicetree.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

uint32_t dt_put_u64(uint32_t *cells, uint32_t n, uint64_t value)
{
    cells[n] = (uint32_t)(value >> 32);
    cells[n + 1] = (uint32_t)value;
    return n + 2;
}

void dt_reg(struct dt *t, uint64_t base, uint64_t size)
{
    uint32_t cells[4];

    dt_cells(t, "reg", cells, dt_put_u64(cells, dt_put_u64(cells, 0, base), size));
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

/*
 * A blob from outside (Devicetree Specification 0.4, chapter 5). libfdt follows offsets and lengths
 * that its own check lets pass or trips over, so that all of them are looked at here first.
 */
enum { H_TOTAL = 4, H_STRUCT = 8, H_STRINGS = 12, H_RESERVED = 16, H_VERSION = 20, H_COMPATIBLE = 24,
       H_STRINGS_SIZE = 32, H_STRUCT_SIZE = 36, H_SIZE = 40, MAX_DEPTH = 64 };

/* NULL, or what is wrong with the block at `at` of `n` bytes. */
static const char *check_block(uint32_t total, uint32_t at, uint32_t n, uint32_t alignment)
{
    return at < H_SIZE || at % alignment || at > total || n > total - at
               ? "a block lies outside the blob or is not aligned" : NULL;
}

static const char *check_header(const uint8_t *blob)
{
    uint32_t total = ld_be32(blob + H_TOTAL), reserved = ld_be32(blob + H_RESERVED);
    const char *wrong = check_block(total, ld_be32(blob + H_STRUCT), ld_be32(blob + H_STRUCT_SIZE), 4);

    if (ld_be32(blob + H_VERSION) < 17 || ld_be32(blob + H_COMPATIBLE) > 17)
        return "it has another version than 17";
    if (!wrong)
        wrong = check_block(total, ld_be32(blob + H_STRINGS), ld_be32(blob + H_STRINGS_SIZE), 1);
    if (!wrong)
        wrong = check_block(total, reserved, 16, 8);
    /* 5.3: pairs of address and size, the last one being 0 and 0. */
    for (uint32_t at = reserved; !wrong; at += 16) {
        if (at > total - 16)
            wrong = "the memory reservation block has no end";
        else if (ld_be64(blob + at) == 0 && ld_be64(blob + at + 8) == 0)
            break;
    }
    return wrong;
}

/* 5.4.1: a property at *at: length, offset of its name, value. */
static const char *check_property(const uint8_t *blob, const uint8_t *tokens, uint32_t n, uint32_t *at)
{
    uint32_t strings = ld_be32(blob + H_STRINGS_SIZE);

    if (n - *at < 8)
        return "a property is cut off";
    uint32_t length = ld_be32(tokens + *at), name = ld_be32(tokens + *at + 4);
    *at += 8;
    if (length > n - *at || align_up((uint64_t)length, 4) > n - *at)
        return "a property is longer than its block";
    if (name >= strings || !memchr(blob + ld_be32(blob + H_STRINGS) + name, 0, strings - name))
        return "a property's name is not in the strings block";
    *at += (uint32_t)align_up((uint64_t)length, 4);
    return NULL;
}

/* 5.4.2: one root node, every node ended, then the end. */
static const char *check_structure(const uint8_t *blob)
{
    const uint8_t *tokens = blob + ld_be32(blob + H_STRUCT);
    uint32_t n = align_down(ld_be32(blob + H_STRUCT_SIZE), 4u), depth = 0, roots = 0;
    const char *wrong = NULL;

    for (uint32_t at = 0; at < n && !wrong;) {
        uint32_t token = ld_be32(tokens + at);
        at += 4;
        if (token == FDT_BEGIN_NODE) {
            const uint8_t *end = at < n ? memchr(tokens + at, 0, n - at) : NULL;
            if (!end || depth == MAX_DEPTH)
                return !end ? "a node's name has no end" : "nodes are nested more than 64 deep";
            if (depth == 0 && (roots++ || tokens[at]))
                return "the root has a name, or there are two";
            at = align_up((uint32_t)(end - tokens) + 1, 4u);
            depth++;
        } else if (token == FDT_PROP && depth) {
            wrong = check_property(blob, tokens, n, &at);
        } else if (token == FDT_END_NODE && depth) {
            depth--;
        } else if (token == FDT_END && depth == 0 && roots) {
            return NULL;
        } else if (token != FDT_NOP) {
            wrong = "a token stands where none of its kind may";
        }
    }
    return wrong ? wrong : "the structure block has no end";
}

static int check_blob(const uint8_t *blob, uint32_t size, struct err *e)
{
    if (size > DT_BYTES)
        return err_set(e, ERR_LIMIT, "a device tree of %u bytes; at most %u are accepted", size, DT_BYTES);
    if (size < H_SIZE || ld_be32(blob) != FDT_MAGIC)
        return err_set(e, ERR_FORMAT, "this is no device tree blob: that begins with d00dfeed and has 40 "
                       "bytes and more (dtc -O dtb makes one)");
    if (ld_be32(blob + H_TOTAL) > size)
        return err_set(e, ERR_FORMAT, "the device tree is cut off: its header says %u bytes, there are %u",
                       ld_be32(blob + H_TOTAL), size);
    const char *wrong = check_header(blob);
    if (!wrong)
        wrong = check_structure(blob);
    return wrong ? err_set(e, ERR_FORMAT, "the device tree is damaged: %s", wrong) : 0;
}

static int fill_chosen(void *blob, const char *bootargs, uint64_t initrd, uint64_t initrd_end)
{
    int chosen = fdt_path_offset(blob, "/chosen");

    if (chosen == -FDT_ERR_NOTFOUND)
        chosen = fdt_add_subnode(blob, 0, "chosen");
    int r = MIN(chosen, 0);
    if (r == 0 && bootargs)
        r = fdt_setprop_string(blob, chosen, "bootargs", bootargs);
    if (r == 0 && initrd_end > initrd)
        r = fdt_setprop_u64(blob, chosen, "linux,initrd-start", initrd);
    if (r == 0 && initrd_end > initrd)
        r = fdt_setprop_u64(blob, chosen, "linux,initrd-end", initrd_end);
    return r == 0 ? fdt_pack(blob) : r;
}

int dt_set_chosen(uint8_t **blob, uint32_t *size, const char *bootargs, uint64_t initrd,
                   uint64_t initrd_end, struct err *e)
{
    int r = check_blob(*blob, *size, e);

    if (r < 0)
        return r;
    size_t room = *size + 4096ull + (bootargs ? strlen(bootargs) : 0);
    uint8_t *wide = malloc(room);
    if (!wide)
        return err_set(e, ERR_NOMEM, "no memory for a device tree of %zu bytes", room);
    r = fdt_open_into(*blob, wide, (int)room);
    if (r == 0)
        r = fill_chosen(wide, bootargs, initrd, initrd_end);
    if (r < 0) {
        free(wide);
        return err_set(e, ERR_FORMAT, "the device tree takes no /chosen: libfdt says %s", fdt_strerror(r));
    }
    free(*blob);
    *blob = wide;
    *size = fdt_totalsize(wide);
    return 0;
}
