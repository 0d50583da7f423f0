/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/cfi_flash.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/log.h"
#include <assert.h>
#include <inttypes.h>

/* P30 data sheet, "Command Codes and Definitions"; ARRAY is how FF is kept here. */
enum { ARRAY = 0x00, PROGRAM_ALTERNATE = 0x10, ERASE = 0x20, PROGRAM = 0x40, CLEAR_STATUS = 0x50,
       LOCK = 0x60, READ_STATUS = 0x70, READ_ID = 0x90, CFI_QUERY = 0x98, BUFFERED_PROGRAM = 0xe8,
       AMD_RESET = 0xf0, READ_ARRAY = 0xff };
enum { CONFIRM = 0xd0, LOCK_BLOCK = 0x01, LOCK_DOWN = 0x2f };
enum { CYCLE_COMMAND, CYCLE_SECOND, CYCLE_DATA, CYCLE_CONFIRM };

/* Status register: a bad sequence of commands sets both error bits. */
enum { SR_READY = BIT(7), SR_ERASE = BIT(5), SR_PROGRAM = BIT(4), SR_SEQUENCE = SR_ERASE | SR_PROGRAM };

/* ---- modes ---- */
static void show_mode(struct cfi_flash *f)
{
    if (f->dev.region)
        mem_set_region_kind(f->space, f->dev.region, f->command == ARRAY ? MEM_ROM : MEM_MMIO);
}

static void enter(struct cfi_flash *f, uint8_t command, uint8_t cycle)
{
    f->command = command;
    f->cycle = cycle;
    show_mode(f);
}

static void finish(struct cfi_flash *f, uint8_t errors)
{
    f->status |= SR_READY | errors;
    f->cycle = CYCLE_COMMAND;
}

/* ---- contents ---- */
static bool store(struct cfi_flash *f, uint64_t at, const uint8_t *bytes, uint64_t n)
{
    struct err e = { 0 };

    if (f->read_only)
        return false;
    if (f->block && block_write(f->block, at, bytes, n, &e) < 0) {
        log_print(f->dev.machine->log, f->dev.log, LOG_ERROR, "%s: %s", f->dev.id, e.text);
        return false;
    }
    memcpy(f->ram->host + at, bytes, n);
    mem_ram_written(f->ram, at, n);
    return true;
}

static bool erase(struct cfi_flash *f, uint64_t at)
{
    uint8_t ones[4096];
    uint64_t sector = align_down(at, f->config.sector), n = MIN(sizeof(ones), f->config.sector);
    bool ok = true;

    memset(ones, 0xff, sizeof(ones));
    for (uint64_t done = 0; done < f->config.sector && ok; done += n)
        ok = store(f, sector + done, ones, n);
    return ok;
}

/* ---- loads outside of array mode ---- */

/* What one chip answers, as all chips of the bank do at once. */
static uint64_t all_chips(const struct cfi_flash *f, uint64_t one)
{
    uint64_t all = 0;

    for (unsigned chip = 0; chip < f->config.bank_width; chip += f->config.device_width)
        all |= one << (8 * chip);
    return all;
}

static uint64_t answer(const struct cfi_flash *f, uint64_t offset)
{
    uint64_t word = offset / f->config.bank_width;

    switch (f->command) {
    case CFI_QUERY:
        return all_chips(f, word < sizeof(f->cfi) ? f->cfi[word] : 0);
    case READ_ID: /* word 2 of a block is its lock: always open */
        word &= 0xff;
        return all_chips(f, word == 0 ? f->config.manufacturer : word == 1 ? f->config.device : 0);
    default:
        return all_chips(f, f->status);
    }
}

/* Is it closed to who asks? System-management mode, Arm's Secure state come in; a debugger looks. */
static bool locked_out(const struct cfi_flash *f, const struct mem_attrs *attrs)
{
    return f->config.secure && !attrs->secure && !attrs->debug;
}

static enum mem_result flash_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                  const struct mem_attrs *attrs)
{
    const struct cfi_flash *f = arg;
    unsigned width = f->config.bank_width;

    *value = 0;
    if (f->command == ARRAY || locked_out(f, attrs)) { /* ARRAY: between modes only, the region is memory then */
        *value = ld_le(f->ram->host + offset, size);
        return MEM_OK;
    }
    for (unsigned i = 0; i < size; i++) {
        uint64_t word = answer(f, offset + i);
        *value |= (word >> (8 * ((offset + i) % width)) & 0xff) << (8 * i);
    }
    return MEM_OK;
}

/* ---- stores: the command machine ---- */
static void first_cycle(struct cfi_flash *f, uint8_t command)
{
    switch (command) {
    case CLEAR_STATUS:
        f->status = 0;
        enter(f, ARRAY, CYCLE_COMMAND);
        break;
    case ARRAY:
    case READ_ARRAY:
    case AMD_RESET:
        enter(f, ARRAY, CYCLE_COMMAND);
        break;
    case READ_STATUS:
    case READ_ID:
    case CFI_QUERY:
        enter(f, command, CYCLE_COMMAND);
        break;
    case BUFFERED_PROGRAM:
        f->status |= SR_READY; /* the buffer is free */
        enter(f, command, CYCLE_SECOND);
        break;
    case PROGRAM:
    case PROGRAM_ALTERNATE:
    case ERASE:
    case LOCK:
        enter(f, command, CYCLE_SECOND);
        break;
    default:
        guest_error(&f->dev, "CFI flash command", "%#x is not known", command);
        enter(f, ARRAY, CYCLE_COMMAND);
        break;
    }
}

/* Words per chip, less one; more than the buffer holds is a bad sequence. */
static void start_buffer(struct cfi_flash *f, uint64_t value)
{
    uint64_t words = zext(value, 8 * f->config.device_width) + 1;

    if (words > f->buffer_size / f->config.bank_width) {
        guest_error(&f->dev, "CFI flash buffer size", "%" PRIu64 " words", words);
        finish(f, SR_SEQUENCE);
        return;
    }
    f->buffer_words = f->words_left = (uint32_t)words;
    f->buffer_bad = 0;
    f->cycle = CYCLE_DATA;
}

static void second_cycle(struct cfi_flash *f, uint64_t offset, unsigned size, uint64_t value)
{
    uint8_t command = (uint8_t)value, bytes[8];

    switch (f->command) {
    case BUFFERED_PROGRAM:
        start_buffer(f, value);
        return;
    case PROGRAM:
    case PROGRAM_ALTERNATE:
        st_le(bytes, value, size);
        finish(f, store(f, offset, bytes, size) ? 0 : SR_PROGRAM);
        return;
    default:
        break;
    }
    if (command == READ_ARRAY)
        enter(f, ARRAY, CYCLE_COMMAND);
    else if (f->command == ERASE && command == CONFIRM)
        finish(f, erase(f, offset) ? 0 : SR_ERASE);
    else if (f->command == LOCK &&
             (command == CONFIRM || command == LOCK_BLOCK || command == LOCK_DOWN))
        finish(f, 0);
    else
        finish(f, SR_SEQUENCE);
}

/* The first word says which piece of the array the buffer stands for. */
static void buffer_word(struct cfi_flash *f, uint64_t offset, unsigned size, uint64_t value)
{
    if (f->words_left == f->buffer_words) {
        f->buffer_at = align_down(offset, f->buffer_size);
        memcpy(f->buffer, f->ram->host + f->buffer_at, f->buffer_size);
    }
    if (offset - f->buffer_at < f->buffer_size)
        st_le(f->buffer + (offset - f->buffer_at), value, size);
    else
        f->buffer_bad = 1;
    if (--f->words_left == 0)
        f->cycle = CYCLE_CONFIRM;
}

static void confirm_buffer(struct cfi_flash *f, uint8_t command)
{
    if (command != CONFIRM || f->buffer_bad)
        finish(f, SR_SEQUENCE);
    else
        finish(f, store(f, f->buffer_at, f->buffer, f->buffer_size) ? 0 : SR_PROGRAM);
}

static enum mem_result flash_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    struct cfi_flash *f = arg;

    if (attrs->debug)
        return MEM_READ_ONLY; /* a debugger's store is no command */
    if (locked_out(f, attrs)) {
        guest_error(&f->dev, "store to flash that is closed to it", "%#" PRIx64 " at %#" PRIx64, value, offset);
        return MEM_READ_ONLY;
    }
    switch (f->cycle) {
    case CYCLE_COMMAND:
        first_cycle(f, (uint8_t)value);
        break;
    case CYCLE_SECOND:
        second_cycle(f, offset, size, value);
        break;
    case CYCLE_DATA:
        buffer_word(f, offset, size, value);
        break;
    default:
        confirm_buffer(f, (uint8_t)value);
        break;
    }
    return MEM_OK;
}

static const struct mmio_ops flash_mmio = {
    .read = flash_read, .write = flash_write, .sizes = 1 | 2 | 4, .split = true,
};

/* ---- reset and restore ---- */
static void cfi_flash_reset(void *dev)
{
    struct cfi_flash *f = dev;

    f->status = SR_READY;
    f->words_left = f->buffer_words = 0;
    f->buffer_at = 0;
    f->buffer_bad = 0;
    memset(f->buffer, 0, sizeof(f->buffer));
    enter(f, ARRAY, CYCLE_COMMAND);
}

/* What the snapshot brought goes to the file, or the two would part for good. */
static void write_back(struct cfi_flash *f)
{
    uint8_t old[4096];
    struct err e = { 0 };
    int r = 0;

    if (!f->block || f->read_only)
        return;
    for (uint64_t at = 0; at < f->config.size && r == 0; at += sizeof(old)) {
        r = block_read(f->block, at, old, sizeof(old), &e);
        if (r == 0 && memcmp(old, f->ram->host + at, sizeof(old)) != 0)
            r = block_write(f->block, at, f->ram->host + at, sizeof(old), &e);
    }
    if (r < 0)
        log_print(f->dev.machine->log, f->dev.log, LOG_ERROR, "%s: %s", f->dev.id, e.text);
}

/* A snapshot is not trusted: a state that no sequence of commands leads to is left. */
static bool is_reachable(const struct cfi_flash *f)
{
    switch (f->cycle) {
    case CYCLE_COMMAND:
        return true;
    case CYCLE_SECOND:
        return f->command == PROGRAM || f->command == PROGRAM_ALTERNATE || f->command == ERASE ||
               f->command == LOCK || f->command == BUFFERED_PROGRAM;
    default:
        return f->command == BUFFERED_PROGRAM && f->cycle <= CYCLE_CONFIRM &&
               f->buffer_at % f->buffer_size == 0 && f->buffer_at < f->config.size &&
               f->words_left <= f->buffer_words &&
               (f->words_left == 0) == (f->cycle == CYCLE_CONFIRM);
    }
}

static void cfi_flash_loaded(void *dev)
{
    struct cfi_flash *f = dev;

    if (!is_reachable(f))
        cfi_flash_reset(f);
    show_mode(f);
    write_back(f);
}

static const struct state_field cfi_flash_state[] = {
    STATE(cfi_flash, buffer_at), STATE(cfi_flash, buffer_words), STATE(cfi_flash, words_left),
    STATE(cfi_flash, command), STATE(cfi_flash, cycle), STATE(cfi_flash, status),
    STATE(cfi_flash, buffer_bad), STATE(cfi_flash, buffer), STATE_END
};
static const struct device_ops cfi_flash_ops = {
    .name = "cfi_flash", .spec = "JEDEC JESD68.01, Intel command set 0x0001",
    .size = sizeof(struct cfi_flash), .state = cfi_flash_state, .version = 1,
    .reset = cfi_flash_reset, .loaded = cfi_flash_loaded,
};

/* ---- construction ---- */

/* JESD68.01 "CFI Query Structure"; times are 2^n, as a real chip of the family gives them. */
static void fill_cfi(struct cfi_flash *f)
{
    const struct cfi_flash_config *c = &f->config;
    uint32_t chips = c->bank_width / c->device_width, sector = c->sector / chips;
    uint64_t blocks = c->size / c->sector;
    const uint8_t buffer_log2 = (uint8_t)log2_floor(f->buffer_size / chips);
    const uint8_t table[sizeof(f->cfi)] = {
        [0x10] = 'Q', 'R', 'Y',
        [0x13] = 0x01, 0x00,                       /* primary command set: Intel extended */
        [0x15] = 0x31, 0x00,                       /* where its table is */
        [0x1b] = 0x45, 0x55,                       /* Vcc 4.5 - 5.5 V; no Vpp */
        [0x1f] = 0x07, 0x07, 0x0a, 0x00,           /* typical: word, buffer (us), block (ms), chip */
        [0x23] = 0x04, 0x04, 0x04, 0x00,           /* at most 2^n times that */
        [0x27] = (uint8_t)log2_floor(c->size / chips),
        [0x28] = 0x02, 0x00,                       /* x8 and x16 */
        [0x2a] = buffer_log2, 0x00,
        [0x2c] = 0x01,                             /* one region of equal erase blocks */
        [0x2d] = (uint8_t)(blocks - 1), (uint8_t)((blocks - 1) >> 8),
        [0x2f] = (uint8_t)(sector >> 8), (uint8_t)(sector >> 16),
        [0x31] = 'P', 'R', 'I', '1', '0',          /* extended table 1.0: no options */
        [0x3f] = 0x01,                             /* protection fields */
    };
    memcpy(f->cfi, table, sizeof(f->cfi));
}

static int load_contents(struct cfi_flash *f, struct err *e)
{
    uint64_t size = f->config.size, is = block_size(f->block);
    const char *file = block_get_options(f->block)->file;

    if (is != size)
        return err_set(e, ERR_FORMAT, "%s: the image '%s' has %" PRIu64 " bytes, the flash bank has "
                       "%" PRIu64 " (%" PRIu64 " MiB) and takes exactly as many; 'truncate -s %"
                       PRIu64 "M' makes an image that is too small fit", f->dev.id, file, is, size,
                       size >> 20, size >> 20);
    f->read_only = block_is_read_only(f->block);
    return block_read(f->block, 0, f->ram->host, size, e);
}

struct cfi_flash *cfi_flash_create(struct machine *m, const char *id,
                                   const struct cfi_flash_config *c, struct block *block,
                                   struct err *e)
{
    struct cfi_flash *f = device_create(m, &cfi_flash_ops, id, e);
    uint32_t chips = c->bank_width / c->device_width;
    char *name;

    assert(is_pow2(c->sector) && c->size != 0 && c->size % MAX(c->sector, (uint32_t)MEM_PAGE) == 0);
    assert(chips * c->device_width == c->bank_width && c->bank_width <= 4);
    if (!f)
        return NULL;
    f->config = *c;
    f->block = block;
    f->buffer_size = c->bank_width == 1 ? 256 : 2048 * chips;
    assert(f->buffer_size <= CFI_FLASH_BUFFER_MAX && f->buffer_size <= c->sector);
    fill_cfi(f);
    name = arena_printf(&m->arena, "%s-array", id);
    if (!name) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory for its name", id);
        return NULL;
    }
    if (machine_add_ram(m, name, c->size, &f->ram, e) < 0 || (block && load_contents(f, e) < 0))
        return NULL;
    return f;
}

int cfi_flash_map(struct cfi_flash *f, struct mem_space *space, pa_t base, struct err *e)
{
    f->space = space;
    return mem_add_rom(space, f->dev.id, base, f->ram, 0, f->config.size, 0, &flash_mmio, f,
                       &f->dev.region, e);
}
