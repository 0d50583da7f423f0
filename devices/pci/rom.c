/* SPDX-License-Identifier: Apache-2.0 */
/* Expansion ROMs (PCI Local Bus 3.0, 6.2.5.2 and 6.3): what firmware copies and starts. */
#include "devices/pci/pci_impl.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A region of ROM is whole pages; images are copied below 1 MiB or are EFI drivers. */
enum { ROM_LEAST = MEM_PAGE, ROM_MOST = 16 << 20, SIGNATURE = 0xaa55 };

static int read_rom(struct pci_function *f, FILE *file, struct err *e)
{
    struct mem_ram *ram;
    uint64_t size = ROM_LEAST;
    int64_t bytes = fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;

    if (bytes < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot find its size");
    if (bytes < 2 || bytes > ROM_MOST)
        return err_set(e, ERR_LIMIT, "%" PRId64 " bytes; 2 bytes to 16 MiB are accepted", bytes);
    while (size < (uint64_t)bytes)
        size *= 2;
    const char *name = arena_printf(&f->dev->machine->arena, "%s.rom", f->dev->id);
    if (name == NULL)
        return err_set(e, ERR_NOMEM, "the host has no memory left for its name");
    int r = machine_add_ram(f->dev->machine, name, size, &ram, e);
    if (r < 0)
        return r;
    rewind(file);
    if (fread(ram->host, 1, (size_t)bytes, file) != (size_t)bytes)
        return err_set_errno(e, ERR_IO, errno, "cannot be read");
    if (ld_le16(ram->host) != SIGNATURE)
        return err_set(e, ERR_FORMAT, "begins with %#04x %#04x; option ROMs begin with 0x55 0xaa",
                       ram->host[0], ram->host[1]);
    return pci_add_bar_ram(f, PCI_ROM_BAR, PCI_BAR_ROM, false, ram, e);
}

int pci_add_rom(struct pci_function *f, const char *path, struct err *e)
{
    FILE *file = fopen(path, "rb");
    int r = file ? read_rom(f, file, e)
                 : err_set_errno(e, ERR_IO, errno, "cannot be opened");

    if (file)
        fclose(file);
    return r < 0 ? err_context(e, "%s: romfile '%s'", f->dev->id, path) : 0;
}
