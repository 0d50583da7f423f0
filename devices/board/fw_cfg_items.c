/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/fw_cfg_items.h"
#include "core/util/log.h"
#include "devices/backend/option.h"
#include "devices/board/boot_order.h"
#include <string.h>

struct file_options {
    char name[128], file[1024], string[4096], gen_id[8];
};
static const struct option_desc file_table[] = {
    OPT_TEXT(file_options, "name", name),
    OPT_TEXT(file_options, "file", file),
    OPT_TEXT(file_options, "string", string),
    OPT_REFUSED("gen_id", "there are no objects that generate files; give file= or string="),
};

/* Bytes that live as long as the machine. */
static int read_contents(struct board *b, const struct file_options *o, const uint8_t **data,
                         uint32_t *n, struct err *e)
{
    struct image *img = NULL;
    const uint8_t *from = (const uint8_t *)o->string;
    size_t size = strlen(o->string);
    int r = 0;

    if (o->file[0]) {
        if ((r = image_open_raw(&img, o->file, "fw_cfg", e)) < 0)
            return r;
        from = img->data;
        size = img->size; /* IMAGE_LIMIT at most */
    }
    uint8_t *copy = arena_alloc(&b->machine->arena, size + 1);
    if (copy)
        memcpy(copy, from, size);
    else
        r = err_set(e, ERR_NOMEM, "no memory for %zu bytes", size);
    image_free(img);
    *data = copy;
    *n = (uint32_t)size;
    return r;
}

/* -fw_cfg [name=]NAME,file=FILE or string=TEXT: the text without its NUL. */
static int add_file(struct fw_cfg *f, struct board *b, const char *text, struct err *e)
{
    struct file_options o = { 0 };
    const uint8_t *data = NULL;
    uint32_t n = 0;
    int r = option_read(file_table, ARRAY_LEN(file_table), &o, text, "name", e);

    if (r == 0 && (o.file[0] != 0) == (o.string[0] != 0))
        r = err_set(e, ERR_ARG, "one of file=FILE and string=TEXT is needed");
    if (r == 0)
        r = read_contents(b, &o, &data, &n, e);
    if (r == 0)
        r = fw_cfg_add_file(f, o.name, data, n, e);
    if (r < 0)
        (void)err_context(e, "fw_cfg '%.200s'", text);
    else if (strncmp(o.name, "opt/", 4) != 0)
        log_print(b->machine->log, b->machine->log_board, LOG_WARN,
                  "fw_cfg file '%s': names given by users should begin with opt/", o.name);
    return r;
}

/* A display that a BIOS draws on by itself: without one SeaBIOS shows what it says on the serial port. */
static bool has_screen(const struct board *b)
{
    for (uint32_t i = 0; i < b->config.n_args; i++)
        if (b->config.args[i].kind == BOARD_DEVICE && strcspn(b->config.args[i].text, ",") == 3 &&
            strncmp(b->config.args[i].text, "VGA", 3) == 0)
            return true;
    return false;
}

int fw_cfg_items_add(struct fw_cfg *f, struct board *b, struct err *e)
{
    static const uint8_t uuid[16];                               /* none was given */
    struct boot_options boot;
    int r;

    if ((r = fw_cfg_add(f, FW_CFG_UUID, uuid, sizeof(uuid), e)) < 0 ||
        (r = fw_cfg_add_number(f, FW_CFG_NOGRAPHIC, b->config.nographic || !has_screen(b), 2, e)) < 0 ||
        (r = fw_cfg_add_number(f, FW_CFG_NB_CPUS, b->config.cpus, 2, e)) < 0 ||
        (r = boot_options_read(&boot, b->config.boot, e)) < 0 ||
        (r = boot_options_publish(&boot, b, f, e)) < 0)
        return r;
    for (uint32_t i = 0; i < b->config.n_args; i++)
        if (b->config.args[i].kind == BOARD_FW_CFG &&
            (r = add_file(f, b, b->config.args[i].text, e)) < 0)
            return r;
    return 0;
}

int fw_cfg_items_add_blob(struct fw_cfg *f, uint16_t size_key, uint16_t data_key, const void *data,
                          uint32_t n, struct err *e)
{
    int r = fw_cfg_add_number(f, size_key, n, 4, e);

    return r < 0 ? r : fw_cfg_add(f, data_key, data, n, e);
}

int fw_cfg_items_add_kernel(struct fw_cfg *f, struct board *b, struct err *e)
{
    const char *line = b->config.append ? b->config.append : "";
    int r = 0;

    if (!b->kernel)
        return 0;
    r = fw_cfg_items_add_blob(f, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, b->kernel->data,
                 (uint32_t)b->kernel->size, e);
    if (r == 0 && b->initrd)
        r = fw_cfg_items_add_blob(f, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, b->initrd->data,
                     (uint32_t)b->initrd->size, e);
    if (r == 0)
        r = fw_cfg_items_add_blob(f, FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA, line,
                     (uint32_t)strlen(line) + 1, e);
    return r;
}
