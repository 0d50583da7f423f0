/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory/ram.h"
#include "core/util/bits.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RAM_MAX (1ull << 42) /* a 47-bit host address space holds some of these */

_Static_assert(MEM_PAGE / MEM_GRANULE == 64, "one code word per page");

int mem_ram_create(struct mem_ram **out, const char *name, uint64_t size, struct err *e)
{
    if (size == 0 || size % MEM_PAGE != 0)
        return err_set(e, ERR_ARG, "memory %s: %llu bytes is not a multiple of %u", name,
                       (unsigned long long)size, MEM_PAGE);
    if (size > RAM_MAX)
        return err_set(e, ERR_LIMIT, "memory %s: %llu bytes; at most %llu are accepted", name,
                       (unsigned long long)size, RAM_MAX);
    struct mem_ram *ram = calloc(1, sizeof(*ram));
    if (!ram)
        goto no_memory;
    ram->name = name;
    ram->size = size;
    ram->host = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram->host == MAP_FAILED) {
        ram->host = NULL;
        goto no_memory;
    }
    (void)madvise(ram->host, size, MADV_HUGEPAGE); /* fewer host faults; a host without them says no */
    ram->flags = calloc(size / MEM_PAGE, sizeof(*ram->flags));
    ram->mapper = calloc(size / MEM_PAGE, sizeof(*ram->mapper));
    ram->code = calloc(size / MEM_PAGE, sizeof(*ram->code));
    if (!ram->flags || !ram->mapper || !ram->code)
        goto no_memory;
    *out = ram;
    return 0;
no_memory:
    mem_ram_destroy(ram);
    return err_set(e, ERR_NOMEM, "memory %s: the host has no %llu bytes (%llu MiB) left", name,
                   (unsigned long long)size, (unsigned long long)(size >> 20));
}

void mem_ram_destroy(struct mem_ram *ram)
{
    if (!ram)
        return;
    if (ram->host)
        munmap(ram->host, ram->size);
    free(ram->flags);
    free(ram->mapper);
    free(ram->code);
    free(ram);
}

uint64_t mem_ram_granules(uint64_t first, uint64_t last)
{
    return MASK_(last / MEM_GRANULE, first / MEM_GRANULE);
}

static COLD void written_page(struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    uint64_t page = offset >> MEM_PAGE_SHIFT, at = offset % MEM_PAGE;
    if (mem_ram_flags(ram, offset) & MEM_PAGE_CLEAN)
        (void)mem_ram_drop_flags(ram, offset, MEM_PAGE_CLEAN);
    if (ram->code[page] == 0 && (mem_ram_flags(ram, offset) & MEM_PAGE_CODE)) /* sealed, but nothing came of it */
        (void)mem_ram_drop_flags(ram, offset, MEM_PAGE_CODE);
    bool tell = mem_ram_flags(ram, offset) & (MEM_PAGE_RESERVED | MEM_PAGE_WATCHED);
    if (ram->code[page] & mem_ram_granules(at, at + n - 1))
        tell = true;
    if (tell && ram->written)
        ram->written(ram->written_arg, ram, offset, n);
}

void mem_ram_written(struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    assert(offset <= ram->size && n <= ram->size - offset);
    while (n != 0) {
        uint64_t piece = MIN(n, MEM_PAGE - offset % MEM_PAGE);
        if (UNLIKELY(!mem_ram_store_direct(ram, offset)))
            written_page(ram, offset, piece);
        offset += piece;
        n -= piece;
    }
}

bool mem_ram_mark_code(struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    assert(offset <= ram->size && n <= ram->size - offset);
    bool first = false;
    while (n != 0) {
        uint64_t at = offset % MEM_PAGE, piece = MIN(n, MEM_PAGE - at);
        uint64_t page = offset >> MEM_PAGE_SHIFT;
        first |= ram->code[page] == 0;
        ram->code[page] |= mem_ram_granules(at, at + piece - 1);
        if (!(mem_ram_flags(ram, offset) & MEM_PAGE_CODE))
            (void)mem_ram_set_flags(ram, offset, MEM_PAGE_CODE);
        offset += piece;
        n -= piece;
    }
    return first;
}

void mem_ram_clear_code(struct mem_ram *ram, uint64_t offset, uint64_t n, uint64_t kept)
{
    uint64_t page = offset >> MEM_PAGE_SHIFT, at = offset % MEM_PAGE;
    ram->code[page] = (ram->code[page] & ~mem_ram_granules(at, at + n - 1)) | kept;
    if (ram->code[page] == 0)
        (void)mem_ram_drop_flags(ram, offset, MEM_PAGE_CODE);
}

void mem_ram_clean(struct mem_ram *ram)
{
    for (uint64_t page = 0; page < ram->size >> MEM_PAGE_SHIFT; page++)
        ram->flags[page] |= MEM_PAGE_CLEAN;
}
