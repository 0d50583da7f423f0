/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/acpi.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_FILE "etc/acpi/tables"
#define RSDP_FILE   "etc/acpi/rsdp"
#define LOADER_FILE "etc/table-loader"

/* 5.2.6: who made them */
#define OEM_ID       "ORRERY"
#define OEM_TABLE_ID "VIRT    "
#define CREATOR_ID   "ORRY"

/* Commands of the loader: 128 bytes each, file names of 56. */
enum { ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };
#define COMMAND_SIZE 128

#define CHECKSUM_AT 9 /* in a table's header */
#define LENGTH_AT   4

/* ---- buffers ---- */
void acpi_begin(struct acpi *a)
{
    memset(a, 0, sizeof(*a));
}

void acpi_want_rsdt(struct acpi *a)
{
    a->rsdt = true;
}

void acpi_free(struct acpi *a)
{
    free(a->tables.bytes);
    free(a->loader.bytes);
    memset(a, 0, sizeof(*a));
}

/* Room for `n` more bytes, all 0; NULL after a failure. */
static uint8_t *more(struct acpi *a, struct acpi_buffer *b, uint32_t n)
{
    if (a->failed)
        return NULL;
    if (n > b->room - b->size) {
        uint32_t room = (uint32_t)align_up(b->size + n, 4096) * 2;
        uint8_t *bytes = realloc(b->bytes, room);
        if (!bytes) {
            a->failed = ERR_NOMEM;
            return NULL;
        }
        b->bytes = bytes;
        b->room = room;
    }
    uint8_t *at = b->bytes + b->size;
    memset(at, 0, n);
    b->size += n;
    return at;
}

void acpi_bytes(struct acpi *a, const void *bytes, uint32_t n)
{
    uint8_t *at = more(a, &a->tables, n);

    if (at)
        memcpy(at, bytes, n);
}

static void number(struct acpi *a, uint64_t v, unsigned size)
{
    uint8_t bytes[8];

    st_le64(bytes, v);
    acpi_bytes(a, bytes, size);
}

void acpi_u8(struct acpi *a, uint8_t v) { number(a, v, 1); }
void acpi_u16(struct acpi *a, uint16_t v) { number(a, v, 2); }
void acpi_u32(struct acpi *a, uint32_t v) { number(a, v, 4); }
void acpi_u64(struct acpi *a, uint64_t v) { number(a, v, 8); }
void acpi_zero(struct acpi *a, uint32_t n) { (void)more(a, &a->tables, n); }

void acpi_address(struct acpi *a, unsigned bits, uint64_t address)
{
    acpi_u8(a, 0); /* system memory */
    acpi_u8(a, (uint8_t)bits);
    acpi_u8(a, 0);
    acpi_u8(a, bits ? (uint8_t)(__builtin_ctz(bits) - 2) : 0); /* access size: 1 is a byte */
    acpi_u64(a, address);
}

uint32_t acpi_at(const struct acpi *a)
{
    return a->tables.size - a->start;
}

/* ---- commands to firmware ---- */
static uint8_t *command(struct acpi *a, uint32_t what)
{
    uint8_t *c = more(a, &a->loader, COMMAND_SIZE);

    if (c)
        st_le32(c, what);
    return c;
}

static void allocate(struct acpi *a, const char *file, uint32_t align, uint8_t zone)
{
    uint8_t *c = command(a, ALLOCATE);

    if (!c)
        return;
    memcpy(c + 4, file, strlen(file));
    st_le32(c + 60, align);
    c[64] = zone;
}

/* What stands at `at` of `file` is an offset into the tables: firmware adds where those begin. */
static void add_pointer(struct acpi *a, const char *file, uint32_t at, unsigned size)
{
    uint8_t *c = command(a, ADD_POINTER);

    if (!c)
        return;
    memcpy(c + 4, file, strlen(file));
    memcpy(c + 60, TABLES_FILE, strlen(TABLES_FILE));
    st_le32(c + 116, at);
    c[120] = (uint8_t)size;
}

static void add_checksum(struct acpi *a, const char *file, uint32_t at, uint32_t start, uint32_t n)
{
    uint8_t *c = command(a, ADD_CHECKSUM);

    if (!c)
        return;
    memcpy(c + 4, file, strlen(file));
    st_le32(c + 60, at);
    st_le32(c + 64, start);
    st_le32(c + 68, n);
}

/* ---- tables ---- */
void acpi_table(struct acpi *a, const char signature[4], uint8_t revision)
{
    a->start = a->tables.size;
    if (memcmp(signature, "DSDT", 4) == 0) {
        a->dsdt = a->start;
    } else if (memcmp(signature, "XSDT", 4) != 0 && memcmp(signature, "RSDT", 4) != 0) {
        assert(a->n_listed < ACPI_TABLES_MAX);
        a->listed[a->n_listed++] = a->start;
    }
    acpi_bytes(a, signature, 4);
    acpi_u32(a, 0);
    acpi_u8(a, revision);
    acpi_u8(a, 0);
    acpi_bytes(a, OEM_ID, 6);
    acpi_bytes(a, OEM_TABLE_ID, 8);
    acpi_u32(a, 1);
    acpi_bytes(a, CREATOR_ID, 4);
    acpi_u32(a, 1);
}

void acpi_table_end(struct acpi *a)
{
    if (a->failed)
        return;
    st_le32(a->tables.bytes + a->start + LENGTH_AT, acpi_at(a));
    add_checksum(a, TABLES_FILE, a->start + CHECKSUM_AT, a->start, acpi_at(a));
}

static void table_pointer(struct acpi *a, unsigned size, uint32_t target)
{
    add_pointer(a, TABLES_FILE, a->tables.size, size);
    number(a, target, size);
}

void acpi_dsdt_pointer(struct acpi *a, unsigned size)
{
    table_pointer(a, size, a->dsdt);
}

/* 5.2.10: version 2, nothing else; it has no checksum. Its offset is a multiple of 64, as all tables' start is. */
void acpi_facs(struct acpi *a)
{
    assert(a->tables.size % 64 == 0);
    a->facs = a->tables.size;
    acpi_bytes(a, "FACS", 4);
    number(a, 64, 4);
    acpi_zero(a, 24);
    number(a, 2, 1);
    acpi_zero(a, 31);
}

void acpi_facs_pointer(struct acpi *a, unsigned size)
{
    table_pointer(a, size, a->facs);
}

/* ---- AML ---- */
uint32_t acpi_append(struct acpi *a, const struct acpi_template *t)
{
    uint32_t from = a->tables.size;

    assert(t->size > ACPI_HEADER);
    acpi_bytes(a, t->aml + ACPI_HEADER, t->size - ACPI_HEADER);
    return from;
}

static void fill(struct acpi *a, uint32_t from, const void *stands_for, const void *with,
                 unsigned size)
{
    uint8_t *at = NULL;

    if (a->failed)
        return;
    for (uint32_t i = from; i + size <= a->tables.size; i++) {
        if (memcmp(a->tables.bytes + i, stands_for, size) == 0) {
            assert(!at); /* our own templates: the test of this file fills in all of them */
            at = a->tables.bytes + i;
        }
    }
    assert(at);
    memcpy(at, with, size);
}

void acpi_fill(struct acpi *a, uint32_t from, unsigned size, uint64_t stands_for, uint64_t value)
{
    uint8_t old[8], new[8];

    st_le64(old, stands_for);
    st_le64(new, value);
    fill(a, from, old, new, size);
}

void acpi_fill_name(struct acpi *a, uint32_t from, const char stands_for[4], const char name[4])
{
    fill(a, from, stands_for, name, 4);
}

/* ---- RSDT, XSDT, RSDP and the files ---- */
static uint8_t *keep(struct machine *m, const uint8_t *bytes, uint32_t n)
{
    uint8_t *copy = arena_alloc(&m->arena, n);

    if (copy)
        memcpy(copy, bytes, n);
    return copy;
}

/* 5.2.5.3; its checksums are firmware's to fill in. */
#define RSDP_SIZE 36
static void write_rsdp(struct acpi *a, uint8_t rsdp[RSDP_SIZE], uint32_t rsdt, uint32_t xsdt)
{
    memset(rsdp, 0, RSDP_SIZE);
    memcpy(rsdp, "RSD PTR ", 8);
    memcpy(rsdp + 9, OEM_ID, 6);
    rsdp[15] = 2;
    if (a->rsdt) {
        st_le32(rsdp + 16, rsdt);
        add_pointer(a, RSDP_FILE, 16, 4);
    }
    st_le32(rsdp + 20, RSDP_SIZE);
    st_le64(rsdp + 24, xsdt);
    add_pointer(a, RSDP_FILE, 24, 8);
    add_checksum(a, RSDP_FILE, 8, 0, 20);
    add_checksum(a, RSDP_FILE, 32, 0, RSDP_SIZE);
}

/* Files must be allocated before a command names them: these two go in front. */
static void allocate_first(struct acpi *a)
{
    uint32_t n = a->loader.size;

    allocate(a, RSDP_FILE, 16, ZONE_FSEG);
    allocate(a, TABLES_FILE, 64, ZONE_HIGH);
    if (a->failed)
        return;
    uint8_t both[2 * COMMAND_SIZE];
    memcpy(both, a->loader.bytes + n, sizeof(both));
    memmove(a->loader.bytes + sizeof(both), a->loader.bytes, n);
    memcpy(a->loader.bytes, both, sizeof(both));
}

/* 5.2.7 and 5.2.8: the same with addresses of 4 and of 8 bytes */
static uint32_t write_list(struct acpi *a, const char signature[4], unsigned size)
{
    uint32_t at = a->tables.size;

    acpi_table(a, signature, 1);
    for (uint32_t i = 0; i < a->n_listed; i++)
        table_pointer(a, size, a->listed[i]);
    acpi_table_end(a);
    return at;
}

/* Lists and RSDP; after that nothing is added. */
static void finish(struct acpi *a, uint8_t rsdp[RSDP_SIZE])
{
    uint32_t rsdt = a->rsdt ? write_list(a, "RSDT", 4) : 0;

    write_rsdp(a, rsdp, rsdt, write_list(a, "XSDT", 8));
}

struct kept {
    struct acpi_writer writer;
    uint8_t *tables;
    uint32_t size;
};

static void write_again(void *arg)
{
    const struct kept *k = arg;
    uint8_t rsdp[RSDP_SIZE];
    struct acpi a;

    k->writer.write(&a, k->writer.arg);
    finish(&a, rsdp);
    if (a.failed == 0) { /* without memory the old ones stay */
        assert(a.tables.size == k->size);
        memcpy(k->tables, a.tables.bytes, k->size);
    }
    acpi_free(&a);
}

static int add_tables(struct machine *m, struct fw_cfg *f, const struct acpi_writer *again, uint8_t *tables,
                      uint32_t n, struct err *e)
{
    if (!again)
        return fw_cfg_add_file(f, TABLES_FILE, tables, n, e);
    struct kept *k = ARENA_NEW(&m->arena, struct kept);
    if (!k)
        return err_set(e, ERR_NOMEM, "no memory for the ACPI tables");
    *k = (struct kept){ *again, tables, n };
    return fw_cfg_add_built(f, TABLES_FILE, tables, n, &(struct fw_cfg_builder){ write_again, k }, e);
}

int acpi_hand_over(struct acpi *a, struct machine *m, struct fw_cfg *f, const struct acpi_writer *again,
                   struct err *e)
{
    uint8_t rsdp[RSDP_SIZE], *kept[3] = { NULL };
    int r;

    finish(a, rsdp);
    allocate_first(a);
    if (!a->failed && (!(kept[0] = keep(m, rsdp, RSDP_SIZE)) ||
                       !(kept[1] = keep(m, a->tables.bytes, a->tables.size)) ||
                       !(kept[2] = keep(m, a->loader.bytes, a->loader.size))))
        a->failed = ERR_NOMEM;
    uint32_t tables = a->tables.size, loader = a->loader.size;
    r = a->failed;
    acpi_free(a);
    if (r < 0)
        return err_set(e, r, "no memory for the ACPI tables");
    if ((r = fw_cfg_add_file(f, RSDP_FILE, kept[0], RSDP_SIZE, e)) < 0 ||
        (r = add_tables(m, f, again, kept[1], tables, e)) < 0)
        return r;
    return fw_cfg_add_file(f, LOADER_FILE, kept[2], loader, e);
}

/* What firmware does with the loader's commands: pointers first, as they stand, then checksums. */
static uint8_t *file_of(const struct acpi *a, const uint8_t *command, uint8_t *rsdp)
{
    return strcmp((const char *)command + 4, RSDP_FILE) == 0 ? rsdp : a->tables.bytes;
}

static void carry_out(const struct acpi *a, uint8_t *rsdp, pa_t base)
{
    for (uint32_t at = 0; at < a->loader.size; at += COMMAND_SIZE) {
        const uint8_t *c = a->loader.bytes + at;
        uint8_t *p = file_of(a, c, rsdp) + ld_le32(c + 116), bytes[8] = { 0 };
        if (ld_le32(c) != ADD_POINTER)
            continue;
        memcpy(bytes, p, c[120]);
        st_le64(bytes, ld_le64(bytes) + base);
        memcpy(p, bytes, c[120]);
    }
    for (uint32_t at = 0; at < a->loader.size; at += COMMAND_SIZE) {
        const uint8_t *c = a->loader.bytes + at;
        uint8_t *file = file_of(a, c, rsdp), sum = 0;
        if (ld_le32(c) != ADD_CHECKSUM)
            continue;
        for (uint32_t i = 0; i < ld_le32(c + 68); i++)
            sum += file[ld_le32(c + 64) + i];
        file[ld_le32(c + 60)] -= sum;
    }
}

int acpi_place(struct acpi *a, struct mem_space *memory, pa_t end, pa_t *rsdp_at, pa_t *facs_at, struct err *e)
{
    uint8_t rsdp[RSDP_SIZE];
    int r;

    finish(a, rsdp);
    if ((r = a->failed) < 0) {
        acpi_free(a);
        return err_set(e, r, "no memory for the ACPI tables");
    }
    pa_t base = align_down(end - a->tables.size - 128, MEM_PAGE);
    *rsdp_at = base + align_up(a->tables.size, 64);
    *facs_at = base + a->facs;
    carry_out(a, rsdp, base);
    if (mem_write(memory, base, a->tables.bytes, a->tables.size, NULL) != MEM_OK ||
        mem_write(memory, *rsdp_at, rsdp, sizeof(rsdp), NULL) != MEM_OK)
        r = err_set(e, ERR_LIMIT, "ACPI tables: no RAM at %#llx; give the machine more memory (-m)",
                    (unsigned long long)base);
    acpi_free(a);
    return r;
}
