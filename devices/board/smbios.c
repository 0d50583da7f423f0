/* SPDX-License-Identifier: Apache-2.0 */
/* Sections are those of DSP0134, version 3.0; fields stand in the order of its tables. */
#include "devices/board/smbios.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/cpu/cpu.h"
#include "devices/fw_cfg.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ROOM         16384u       /* 64 memory devices of less than 100 bytes, and the rest */
#define MODULE       (16ull << 30) /* RAM comes in modules of this size, as on QEMU's boards */
#define MANUFACTURER "Orrery"
#define PRODUCT      "Orrery Virtual Machine"

enum smbios_type { SYSTEM = 1, ENCLOSURE = 3, PROCESSOR = 4, MEMORY_ARRAY = 16, MEMORY_DEVICE = 17,
                   MAPPED_ADDRESS = 19, BOOT = 32, END = 127 };
/* QEMU's handles: type << 8, and which of several. */
#define HANDLE(type, i) ((uint16_t)((type) << 8 | (i)))
enum { OTHER = 1, UNKNOWN = 2, SAFE = 3, NO_HANDLE = 0xffff, NO_ERROR_INFORMATION = 0xfffe };

struct smbios {
    uint32_t size, start;         /* bytes; of them where the structure begins */
    char strings[256];            /* of the structure, each with its NUL */
    uint32_t strings_size;
    uint8_t n_strings;
    uint8_t bytes[ROOM];
};

/* ---- 6.1: header, formatted area, strings, NUL ---- */
static void number(struct smbios *s, unsigned size, uint64_t v)
{
    uint8_t raw[8];

    assert(size <= ROOM - s->size); /* config.memory is bounded: board_build_ram */
    st_le64(raw, v);
    memcpy(s->bytes + s->size, raw, size);
    s->size += size;
}

static void begin(struct smbios *s, enum smbios_type type, unsigned length, uint32_t i)
{
    s->start = s->size;
    s->strings_size = s->n_strings = 0;
    number(s, 1, type);
    number(s, 1, length);
    number(s, 2, HANDLE(type, i));
}

/* 6.1.3: its number stands in the formatted area. NULL: there is none. */
static void string(struct smbios *s, const char *text)
{
    size_t n = text ? strlen(text) + 1 : 0;

    assert(n <= sizeof(s->strings) - s->strings_size);
    if (text)
        memcpy(s->strings + s->strings_size, text, n);
    s->strings_size += (uint32_t)n;
    number(s, 1, text ? ++s->n_strings : 0);
}

static void end(struct smbios *s)
{
    assert(s->size - s->start == s->bytes[s->start + 1]);
    for (uint32_t i = 0; i < s->strings_size; i++)
        number(s, 1, (uint8_t)s->strings[i]);
    number(s, s->n_strings ? 1 : 2, 0);
}

/* ---- structures ---- */

/* 7.2 */
static void write_system(struct smbios *s, const struct board *b)
{
    enum { POWER_SWITCH = 6 };

    begin(s, SYSTEM, 0x1b, 0);
    string(s, MANUFACTURER);
    string(s, PRODUCT);
    string(s, b->ops->name);
    string(s, NULL); /* serial number */
    number(s, 8, 0); /* UUID */
    number(s, 8, 0);
    number(s, 1, POWER_SWITCH);
    string(s, NULL); /* SKU */
    string(s, NULL); /* family */
    end(s);
}

/* 7.4 */
static void write_enclosure(struct smbios *s, const struct board *b)
{
    begin(s, ENCLOSURE, 0x16, 0);
    string(s, MANUFACTURER);
    number(s, 1, OTHER);
    string(s, b->ops->name);
    string(s, NULL); /* serial number, asset tag */
    string(s, NULL);
    number(s, 1, SAFE); /* boot-up, power supply and thermal state */
    number(s, 1, SAFE);
    number(s, 1, SAFE);
    number(s, 1, UNKNOWN); /* security */
    number(s, 4, 0);
    number(s, 1, 0); /* height unspecified, one or more power cords, no contained elements */
    number(s, 1, 0);
    number(s, 2, 0);
    string(s, NULL);
    end(s);
}

/* 7.5 */
static void write_processor(struct smbios *s, const struct board *b)
{
    enum { CENTRAL = 3, POPULATED_ENABLED = 0x41, BITS_64 = BIT(2), MULTI_CORE = BIT(3) };
    uint64_t mhz = MIN(b->cpus[0]->clock.hz / 1000000, 0xffffull);
    uint32_t cores = MIN(b->n_cpus, 0xffu); /* 0xff: see the second count */

    begin(s, PROCESSOR, 0x30, 0);
    string(s, "CPU 0");
    number(s, 1, CENTRAL);
    number(s, 1, OTHER); /* family */
    string(s, MANUFACTURER);
    number(s, 8, 0); /* id: of x86 processors */
    string(s, b->config.cpu);
    number(s, 1, 0); /* voltage, external clock */
    number(s, 2, 0);
    number(s, 2, mhz); /* at most, and now */
    number(s, 2, mhz);
    number(s, 1, POPULATED_ENABLED);
    number(s, 1, OTHER); /* upgrade */
    for (int cache = 0; cache < 3; cache++)
        number(s, 2, NO_HANDLE);
    string(s, NULL); /* serial number, asset tag, part number */
    string(s, NULL);
    string(s, NULL);
    for (int i = 0; i < 3; i++) /* cores, those enabled, threads */
        number(s, 1, cores);
    number(s, 2, BITS_64 | (b->n_cpus > 1 ? MULTI_CORE : 0));
    number(s, 2, OTHER); /* family 2 */
    for (int i = 0; i < 3; i++)
        number(s, 2, b->n_cpus);
    end(s);
}

/* 7.17 */
static void write_memory_array(struct smbios *s, uint64_t memory, uint32_t modules)
{
    enum { SYSTEM_MEMORY = 3, NO_CORRECTION = 3, EXTENDED = 0x80000000 };
    bool extended = memory >> 10 >= EXTENDED;

    begin(s, MEMORY_ARRAY, 0x17, 0);
    number(s, 1, OTHER); /* location */
    number(s, 1, SYSTEM_MEMORY);
    number(s, 1, NO_CORRECTION);
    number(s, 4, extended ? EXTENDED : align_up(memory, 1024) >> 10);
    number(s, 2, NO_ERROR_INFORMATION);
    number(s, 2, modules);
    number(s, 8, extended ? memory : 0);
    end(s);
}

/* 7.18 */
static void write_memory_device(struct smbios *s, uint32_t i, uint64_t size)
{
    enum { DIMM = 9, RAM = 7, OTHER_DETAIL = BIT(1) };
    char locator[16];

    snprintf(locator, sizeof(locator), "DIMM %u", i);
    begin(s, MEMORY_DEVICE, 0x28, i);
    number(s, 2, HANDLE(MEMORY_ARRAY, 0));
    number(s, 2, NO_ERROR_INFORMATION);
    number(s, 2, 0xffff); /* total width, data width: unknown */
    number(s, 2, 0xffff);
    number(s, 2, align_up(size, 1 << 20) >> 20); /* MiB; a module has less than 32 GiB */
    number(s, 1, DIMM);
    number(s, 1, 0); /* of no set */
    string(s, locator);
    string(s, NULL); /* bank */
    number(s, 1, RAM);
    number(s, 2, OTHER_DETAIL);
    number(s, 2, 0); /* speed unknown */
    string(s, MANUFACTURER);
    string(s, NULL); /* serial number, asset tag, part number */
    string(s, NULL);
    string(s, NULL);
    number(s, 1, 0); /* rank unknown */
    number(s, 4, 0); /* extended size */
    number(s, 8, 0); /* clock and voltages unknown */
    end(s);
}

/* 7.20: in KiB, or where those do not fit in bytes */
static void write_mapped_address(struct smbios *s, uint32_t i, const struct board_place *p)
{
    pa_t last = p->base + p->size - 1;
    bool extended = last >> 10 >= UINT32_MAX;

    begin(s, MAPPED_ADDRESS, 0x1f, i);
    number(s, 4, extended ? UINT32_MAX : p->base >> 10);
    number(s, 4, extended ? UINT32_MAX : last >> 10);
    number(s, 2, HANDLE(MEMORY_ARRAY, 0));
    number(s, 1, 1); /* one module a row */
    number(s, 8, extended ? p->base : 0);
    number(s, 8, extended ? last : 0);
    end(s);
}

static void write_all(struct smbios *s, const struct board *b, const struct board_place *const *ram,
                      uint32_t n)
{
    uint64_t memory = b->config.memory;
    uint32_t modules = (uint32_t)((memory + MODULE - 1) / MODULE);

    write_system(s, b);
    write_enclosure(s, b);
    write_processor(s, b);
    write_memory_array(s, memory, modules);
    for (uint32_t i = 0; i < modules; i++)
        write_memory_device(s, i, MIN(memory - i * MODULE, MODULE));
    for (uint32_t i = 0; i < n; i++)
        write_mapped_address(s, i, ram[i]);
    begin(s, BOOT, 0x0b, 0); /* 7.33: no errors */
    number(s, 7, 0);
    end(s);
    begin(s, END, 4, 0);
    end(s);
}

/* 5.2.2, with a sum that is right while the address is 0. */
enum { ENTRY_POINT = 0x18, SUM_AT = 5 };
static void write_entry_point(uint8_t at[ENTRY_POINT], uint32_t tables_size)
{
    memset(at, 0, ENTRY_POINT);
    memcpy(at, "_SM3_", 5);
    at[6] = ENTRY_POINT;
    at[7] = 3; /* version 3.0 */
    at[10] = 1; /* revision of the entry point */
    st_le32(at + 12, tables_size);
    for (uint32_t i = 0; i < ENTRY_POINT; i++)
        if (i != SUM_AT)
            at[SUM_AT] = (uint8_t)(at[SUM_AT] - at[i]);
}

int smbios_add(struct board *b, struct fw_cfg *f, const struct board_place *const *ram, uint32_t n,
               struct err *e)
{
    struct smbios *s = ARENA_NEW(&b->machine->arena, struct smbios);
    uint8_t *anchor = arena_alloc(&b->machine->arena, ENTRY_POINT);

    if (!s || !anchor)
        return err_set(e, ERR_NOMEM, "no memory for the SMBIOS tables");
    write_all(s, b, ram, n);
    write_entry_point(anchor, s->size);
    int r = fw_cfg_add_file(f, "etc/smbios/smbios-tables", s->bytes, s->size, e);
    return r < 0 ? r : fw_cfg_add_file(f, "etc/smbios/smbios-anchor", anchor, ENTRY_POINT, e);
}
