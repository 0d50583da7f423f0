/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/fw_cfg.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"

#define KEYS          (2 * FW_CFG_FILE_FIRST) /* unnamed items: of every architecture, of this one */
#define WRITE_CHANNEL 0x4000                  /* bit 14 of a key meant something once */
#define ID_VALUE      3u                      /* bit 0: the traditional interface, bit 1: DMA */
#define ENTRY_SIZE    64                      /* directory entry: size, key, reserved, name */

/* FWCfgDmaAccess.control */
enum { DMA_ERROR = BIT(0), DMA_DO_READ = BIT(1), DMA_DO_SKIP = BIT(2), DMA_DO_SELECT = BIT(3),
       DMA_DO_WRITE = BIT(4) };
#define DMA_KEY 31, 16

struct item {
    const uint8_t *data;
    uint32_t length;
    uint16_t key;
    uint8_t *writable;               /* = data, or NULL */
    fw_cfg_written_fn *written;
    void *arg;
    struct fw_cfg_builder builder;
    uint8_t *built;                  /* = data, or NULL: who built it fills it */
    bool is_built;                   /* since the last reset */
    char name[FW_CFG_NAME_SIZE];
};

struct fw_cfg {
    struct device dev;
    struct dma dma;
    bool busy;                       /* a DMA request is under way */
    struct item items[KEYS], files[FW_CFG_FILES]; /* files sorted by name */
    uint32_t n_items, n_files;
    uint8_t directory[4 + ENTRY_SIZE * FW_CFG_FILES];
    uint8_t contents;                /* stands for the bytes of writable files in the state table */

    uint32_t offset;                 /* saved from here on */
    uint32_t dma_high;
    uint32_t key;
};

static const uint8_t signature[4] = { 'Q', 'E', 'M', 'U' };

static const struct item *find(const struct fw_cfg *f, uint32_t key)
{
    uint32_t k = key & ~(uint32_t)WRITE_CHANNEL;

    if (k >= FW_CFG_FILE_FIRST && k - FW_CFG_FILE_FIRST < f->n_files)
        return &f->files[k - FW_CFG_FILE_FIRST];
    for (uint32_t i = 0; i < f->n_items; i++)
        if (f->items[i].key == k)
            return &f->items[i];
    return NULL;
}

static void select_key(struct fw_cfg *f, uint32_t key)
{
    uint32_t file = (key & ~(uint32_t)WRITE_CHANNEL) - FW_CFG_FILE_FIRST;

    f->key = key;
    f->offset = 0;
    if (file < f->n_files && f->files[file].built && !f->files[file].is_built) {
        f->files[file].is_built = true;
        f->files[file].builder.build(f->files[file].builder.arg);
    }
}

/* Bytes of the selected item from the offset on. */
static uint32_t left(const struct fw_cfg *f, const struct item *item)
{
    return item && f->offset < item->length ? item->length - f->offset : 0;
}

/* ---- DMA ---- */
struct request {
    uint32_t control, length;
    uint64_t address;
};

static bool read_item(struct fw_cfg *f, const struct item *item, const struct request *r)
{
    static const uint8_t zeroes[4096];
    uint32_t n = MIN(left(f, item), r->length);
    uint64_t address = r->address + n;

    if (n && dma_write(&f->dma, r->address, item->data + f->offset, n) != MEM_OK)
        return false;
    f->offset += n;
    for (uint32_t rest = r->length - n; rest != 0; rest -= n, address += n) {
        n = MIN(rest, (uint32_t)sizeof(zeroes));
        if (dma_write(&f->dma, address, zeroes, n) != MEM_OK)
            return false;
    }
    return true;
}

/* All or nothing: a request that does not lie inside the item changes none of it. */
static bool write_item(struct fw_cfg *f, const struct item *item, const struct request *r)
{
    if (r->length == 0)
        return true;
    if (!item || !item->writable || r->length > left(f, item)) {
        guest_error(&f->dev, "fw_cfg DMA write", "key %#x takes no %u bytes at %u", f->key,
                    r->length, f->offset);
        return false;
    }
    if (dma_read(&f->dma, r->address, item->writable + f->offset, r->length) != MEM_OK)
        return false;
    if (item->written)
        item->written(item->arg, f->offset, r->length);
    f->offset += r->length;
    return true;
}

static bool carry_out(struct fw_cfg *f, const struct request *r)
{
    if (r->control & DMA_DO_SELECT)
        select_key(f, (uint32_t)F_GET(r->control, DMA_KEY));

    const struct item *item = find(f, f->key);

    if (r->control & DMA_DO_READ)
        return read_item(f, item, r);
    if (r->control & DMA_DO_WRITE)
        return write_item(f, item, r);
    if (r->control & DMA_DO_SKIP)
        f->offset += MIN(left(f, item), r->length);
    return true;
}

static void start_dma(struct fw_cfg *f, uint64_t address)
{
    uint8_t bytes[16];
    bool ok = false;

    f->busy = true;
    if (dma_read(&f->dma, address, bytes, sizeof(bytes)) == MEM_OK) {
        const struct request r = { ld_be32(bytes), ld_be32(bytes + 4), ld_be64(bytes + 8) };
        ok = carry_out(f, &r);
        trace(&f->dev.machine->trace, dma, device_now(&f->dev), r.address, r.length,
              (r.control & DMA_DO_READ) != 0);
    }
    st_be32(bytes, ok ? 0 : DMA_ERROR);
    if (dma_write(&f->dma, address, bytes, 4) != MEM_OK)
        guest_error(&f->dev, "fw_cfg DMA address", "no memory at %#llx",
                    (unsigned long long)address);
    f->busy = false;
}

static bool is_busy(struct fw_cfg *f)
{
    if (f->busy)
        guest_error(&f->dev, "fw_cfg DMA to fw_cfg", "a request reaches the device's registers");
    return f->busy;
}

/* ---- registers ---- */
static uint64_t read_data(const void *dev, uint32_t index)
{
    const struct fw_cfg *f = dev;
    const struct item *item = find(f, f->key);

    (void)index;
    return left(f, item) ? item->data[f->offset] : 0;
}

static void after_data(void *dev, uint32_t index, uint64_t value)
{
    struct fw_cfg *f = dev;

    (void)index;
    (void)value;
    if (!is_busy(f) && left(f, find(f, f->key)))
        f->offset++;
}

static void wrote_selector(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    if (!is_busy(dev))
        select_key(dev, (uint32_t)now);
}

static uint64_t read_dma(const void *dev, uint32_t index)
{
    (void)dev;
    return index ? 0x20434647 /* " CFG" */ : 0x51454d55 /* "QEMU" */;
}

static void wrote_dma(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct fw_cfg *f = dev;

    (void)old;
    if (is_busy(f))
        return;
    if (index == 0) {
        f->dma_high = (uint32_t)now;
        return;
    }
    uint64_t address = (uint64_t)f->dma_high << 32 | now;
    f->dma_high = 0;
    start_dma(f, address);
}

static void fw_cfg_reset(void *dev)
{
    struct fw_cfg *f = dev;

    for (uint32_t i = 0; i < f->n_files; i++)
        f->files[i].is_built = false;
    select_key(f, FW_CFG_SIGNATURE);
    f->dma_high = 0;
}

/* ---- saved state ---- */
static struct fw_cfg *owner(const void *contents)
{
    return (struct fw_cfg *)((uintptr_t)contents - offsetof(struct fw_cfg, contents));
}

static int save_contents(const void *object, struct state_writer *w, struct err *e)
{
    const struct fw_cfg *f = owner(object);
    int r = 0;

    for (uint32_t i = 0; i < f->n_files && r == 0; i++) {
        const struct item *item = &f->files[i];
        if (item->built)
            r = state_put(w, &item->is_built, 1, e);
        if (r == 0 && (item->writable || item->built))
            r = state_put(w, item->data, item->length, e);
    }
    return r;
}

static int load_contents(void *object, struct state_reader *reader, struct err *e)
{
    struct fw_cfg *f = owner(object);
    int r = 0;

    for (uint32_t i = 0; i < f->n_files && r == 0; i++) {
        struct item *item = &f->files[i];
        uint8_t *data = item->built ? item->built : item->writable, is_built = 0;
        if (item->built)
            r = state_get(reader, &is_built, 1, e);
        item->is_built = is_built != 0;
        if (r == 0 && data)
            r = state_get(reader, data, item->length, e);
    }
    return r;
}

static uint64_t hash_contents(uint64_t h, const void *object)
{
    const struct fw_cfg *f = owner(object);

    for (uint32_t i = 0; i < f->n_files; i++) {
        if (f->files[i].built)
            h = hash_bytes(h, &f->files[i].is_built, 1);
        if (f->files[i].writable || f->files[i].built)
            h = hash_bytes(h, f->files[i].data, f->files[i].length);
    }
    return h;
}

static const struct state_custom contents_custom = { save_contents, load_contents, hash_contents };
static const struct state_field fw_cfg_state[] = {
    STATE_FN(fw_cfg, contents, &contents_custom), STATE(fw_cfg, offset), STATE(fw_cfg, dma_high),
    STATE(fw_cfg, key), STATE_END
};

enum { AT_SELECTOR = 8, AT_DMA = 16 };

/* Bytes side by side, each the next one: a wide read gets them in the order of the item. */
static const struct reg_desc fw_cfg_regs[] = {
    REG8(0, "data", .count = 8, .sizes = 1 | 2 | 4 | 8, .read = read_data, .after_read = after_data),
    REG16(AT_SELECTOR, "selector", .big_endian = true, .rw = 0xffff, .wrote = wrote_selector),
    REG32(AT_DMA, "DMA", .count = 2, .sizes = 4 | 8, .big_endian = true, .rw = 0xffffffff,
          .read = read_dma, .wrote = wrote_dma),
};
/* ---- on I/O ports: a word at the first is the selector, a byte at the second is data ---- */
static enum mem_result port_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    if (size != 1)
        return MEM_BAD_SIZE;
    return offset == 1 ? reg_mmio_ops.read(arg, 0, 1, value, attrs) : MEM_NOTHING;
}

static enum mem_result port_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    (void)offset;
    if (size == 1) /* data cannot be written so */
        return MEM_OK;
    return reg_mmio_ops.write(arg, AT_SELECTOR, 2, __builtin_bswap16((uint16_t)value), attrs);
}

static enum mem_result dma_port_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                     const struct mem_attrs *attrs)
{
    return reg_mmio_ops.read(arg, AT_DMA + offset, size, value, attrs);
}

static enum mem_result dma_port_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                      const struct mem_attrs *attrs)
{
    return reg_mmio_ops.write(arg, AT_DMA + offset, size, value, attrs);
}

static const struct mmio_ops port_ops = { .read = port_read, .write = port_write, .sizes = 1 | 2 };
static const struct mmio_ops dma_port_ops = { .read = dma_port_read, .write = dma_port_write,
                                              .sizes = 4 | 8 };

int fw_cfg_map_ports(struct fw_cfg *f, struct mem_space *io, uint16_t port, struct err *e)
{
    int r = mem_add_mmio(io, f->dev.id, port, 2, 0, &port_ops, f, NULL, e);
    return r < 0 ? r : mem_add_mmio(io, f->dev.id, port + 4u, 8, 0, &dma_port_ops, f, NULL, e);
}

static const struct device_ops fw_cfg_ops = {
    .name = "fw_cfg", .spec = "QEMU docs/specs/fw_cfg.rst", .size = sizeof(struct fw_cfg),
    .regs = fw_cfg_regs, .n_regs = ARRAY_LEN(fw_cfg_regs), .mmio_size = 0x18,
    .state = fw_cfg_state, .version = 2, .reset = fw_cfg_reset,
};

/* ---- construction ---- */
int fw_cfg_add(struct fw_cfg *f, uint16_t key, const void *data, uint32_t n, struct err *e)
{
    if (find(f, key) || (key & WRITE_CHANNEL) ||
        (key & ~FW_CFG_ARCH_LOCAL) >= FW_CFG_FILE_FIRST || f->n_items == KEYS)
        return err_set(e, ERR_ARG, "%s: key %#x is taken or no key of an unnamed item", f->dev.id, key);
    f->items[f->n_items++] = (struct item){ .data = data, .length = n, .key = key };
    return 0;
}

int fw_cfg_add_number(struct fw_cfg *f, uint16_t key, uint64_t value, unsigned size, struct err *e)
{
    uint8_t *bytes = arena_alloc(&f->dev.machine->arena, size);

    if (!bytes)
        return err_set(e, ERR_NOMEM, "%s: no memory for key %#x", f->dev.id, key);
    st_le(bytes, value, size);
    return fw_cfg_add(f, key, bytes, size, e);
}

static void write_directory(struct fw_cfg *f)
{
    st_be32(f->directory, f->n_files);
    for (uint32_t i = 0; i < f->n_files; i++) {
        uint8_t *entry = f->directory + 4 + i * ENTRY_SIZE;
        f->files[i].key = (uint16_t)(FW_CFG_FILE_FIRST + i);
        st_be32(entry, f->files[i].length);
        st_be16(entry + 4, f->files[i].key);
        memcpy(entry + 8, f->files[i].name, FW_CFG_NAME_SIZE);
    }
}

static int insert_file(struct fw_cfg *f, const char *name, const struct item *item, struct err *e)
{
    uint32_t at = f->n_files;

    if (strlen(name) == 0 || strlen(name) >= FW_CFG_NAME_SIZE)
        return err_set(e, ERR_ARG, "fw_cfg file name '%.60s' is %s; 1 to %d characters are accepted",
                       name, *name ? "too long" : "empty", FW_CFG_NAME_SIZE - 1);
    if (f->n_files == FW_CFG_FILES)
        return err_set(e, ERR_LIMIT, "fw_cfg file '%s': there is room for %d files only", name,
                       FW_CFG_FILES);
    while (at > 0 && strcmp(name, f->files[at - 1].name) < 0)
        at--;
    if (at > 0 && strcmp(name, f->files[at - 1].name) == 0)
        return err_set(e, ERR_ARG, "fw_cfg file '%s' exists already", name);
    memmove(&f->files[at + 1], &f->files[at], (f->n_files - at) * sizeof(f->files[0]));
    f->files[at] = *item;
    memcpy(f->files[at].name, name, strlen(name) + 1);
    f->n_files++;
    write_directory(f);
    return 0;
}

int fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *data, uint32_t n, struct err *e)
{
    return insert_file(f, name, &(struct item){ .data = data, .length = n }, e);
}

int fw_cfg_add_writable(struct fw_cfg *f, const char *name, void *data, uint32_t n,
                        fw_cfg_written_fn *written, void *arg, struct err *e)
{
    const struct item item = {
        .data = data, .length = n, .writable = data, .written = written, .arg = arg,
    };
    return insert_file(f, name, &item, e);
}

int fw_cfg_add_built(struct fw_cfg *f, const char *name, void *data, uint32_t n,
                     const struct fw_cfg_builder *b, struct err *e)
{
    const struct item item = { .data = data, .length = n, .built = data, .builder = *b };
    return insert_file(f, name, &item, e);
}

const void *fw_cfg_find(const struct fw_cfg *f, uint16_t key, uint32_t *n)
{
    const struct item *item = find(f, key);

    *n = item ? item->length : 0;
    return item ? item->data : NULL;
}

struct device *fw_cfg_device(struct fw_cfg *f)
{
    return &f->dev;
}

struct fw_cfg *fw_cfg_create(struct machine *m, const char *id, struct err *e)
{
    struct fw_cfg *f = device_create(m, &fw_cfg_ops, id, e);

    if (!f)
        return NULL;
    f->dma = (struct dma){ .space = m->memory, .enabled = true };
    if (fw_cfg_add(f, FW_CFG_SIGNATURE, signature, sizeof(signature), e) < 0 ||
        fw_cfg_add_number(f, FW_CFG_ID, ID_VALUE, 4, e) < 0 ||
        fw_cfg_add(f, FW_CFG_FILE_DIR, f->directory, sizeof(f->directory), e) < 0)
        return NULL;
    return f;
}
