/* SPDX-License-Identifier: Apache-2.0 */
/* ELF images by libelf: loadable segments, entry, and the symbols bare-metal programs speak through. */
#include "devices/board/image_impl.h"
#include "core/util/bytes.h"
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS 256

/* Bytes up to the first that is neither header nor zero, in a segment that begins with the file. */
static uint64_t count_headers(const struct image *img, const GElf_Ehdr *header, const GElf_Phdr *p)
{
    uint64_t n = 0;

    if (p->p_offset == 0 && header->e_phoff < img->size)
        n = header->e_phoff + (uint64_t)header->e_phnum * header->e_phentsize;
    while (n != 0 && n < p->p_filesz && img->data[n] == 0)
        n++;
    return n < p->p_filesz ? n : 0;
}

static int add_segment(struct image *img, const GElf_Ehdr *header, const GElf_Phdr *p, struct err *e)
{
    if (p->p_filesz > p->p_memsz || p->p_offset > img->size || p->p_filesz > img->size - p->p_offset)
        return err_set(e, ERR_FORMAT,
                       "ELF segment %u: file bytes [%#" PRIx64 ", +%#" PRIx64
                       ") lie outside the file of %" PRIu64 " bytes or exceed its memory size %#"
                       PRIx64, img->n_segments, (uint64_t)p->p_offset, (uint64_t)p->p_filesz,
                       img->size, (uint64_t)p->p_memsz);
    if (p->p_memsz > IMAGE_LIMIT || p->p_paddr + p->p_memsz < p->p_paddr)
        return err_set(e, ERR_LIMIT, "ELF segment %u: %#" PRIx64 " bytes at %#" PRIx64
                       "; at most 1 GiB is accepted", img->n_segments, (uint64_t)p->p_memsz,
                       (uint64_t)p->p_paddr);
    img->segments[img->n_segments++] = (struct image_segment){
        .address = p->p_paddr, .offset = p->p_offset, .file_size = p->p_filesz,
        .memory_size = p->p_memsz, .headers = count_headers(img, header, p),
    };
    img->low = MIN(img->low, p->p_paddr);
    img->high = MAX(img->high, p->p_paddr + p->p_memsz);
    return 0;
}

static void find_tohost(struct image *img, Elf *elf)
{
    for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s)) {
        GElf_Shdr header;
        Elf_Data *data;
        if (!gelf_getshdr(s, &header) || header.sh_type != SHT_SYMTAB || header.sh_entsize == 0 ||
            !(data = elf_getdata(s, NULL)))
            continue;
        for (uint64_t i = 0; i < header.sh_size / header.sh_entsize && i < INT32_MAX; i++) {
            GElf_Sym symbol;
            if (!gelf_getsym(data, (int)i, &symbol))
                break;
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name && strcmp(name, "tohost") == 0) {
                img->tohost = symbol.st_value;
                return;
            }
        }
    }
}

/* Xen public/elfnote.h: the entry in 32-bit mode, a physical address of 4 or 8 bytes. */
static void find_pvh(struct image *img, Elf *elf, const GElf_Phdr *p)
{
    enum { PHYS32_ENTRY = 18 };
    GElf_Nhdr note;
    size_t at = 0, name, desc, next;

    if (p->p_offset > img->size || p->p_filesz > img->size - p->p_offset)
        return;
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)p->p_offset, p->p_filesz,
                                          p->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    while (data && (next = gelf_getnote(data, at, &note, &name, &desc)) != 0) {
        const uint8_t *bytes = data->d_buf;
        if (note.n_type == PHYS32_ENTRY && note.n_namesz == 4 && memcmp(bytes + name, "Xen", 4) == 0 &&
            (note.n_descsz == 4 || note.n_descsz == 8)) {
            img->has_pvh = true;
            img->pvh_entry = note.n_descsz == 4 ? ld_le32(bytes + desc) : ld_le64(bytes + desc);
        }
        at = next;
    }
}

int image_parse_elf(struct image *img, struct err *e)
{
    GElf_Ehdr header;
    size_t n = 0;
    int r = 0;

    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)img->data, img->size);
    if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) ||
        elf_getphdrnum(elf, &n) != 0) {
        r = err_set(e, ERR_FORMAT, "damaged ELF file: %s", elf_errmsg(-1));
        goto out;
    }
    if (header.e_ident[EI_DATA] != ELFDATA2LSB || n == 0 || n > SEGMENTS) {
        r = err_set(e, ERR_FORMAT, "ELF file with %zu program headers, %s; 1 to %d, little-endian, "
                    "are accepted", n, header.e_ident[EI_DATA] == ELFDATA2LSB ? "little-endian"
                                                                              : "not little-endian",
                    SEGMENTS);
        goto out;
    }
    img->kind = IMAGE_ELF;
    img->elf_machine = header.e_machine;
    img->elf_64 = gelf_getclass(elf) == ELFCLASS64;
    img->entry = header.e_entry;
    img->low = UINT64_MAX;
    img->segments = calloc(n, sizeof(*img->segments));
    if (!img->segments) {
        r = err_set(e, ERR_NOMEM, "no memory for %zu ELF segments", n);
        goto out;
    }
    for (size_t i = 0; i < n && r == 0; i++) {
        GElf_Phdr p;
        if (!gelf_getphdr(elf, (int)i, &p))
            r = err_set(e, ERR_FORMAT, "ELF program header %zu cannot be read: %s", i,
                        elf_errmsg(-1));
        else if (p.p_type == PT_LOAD && p.p_memsz != 0)
            r = add_segment(img, &header, &p, e);
        else if (p.p_type == PT_NOTE && !img->has_pvh)
            find_pvh(img, elf, &p);
        /* An entry given as a virtual address lies in a segment whose physical address differs. */
        if (r == 0 && p.p_type == PT_LOAD && header.e_entry >= p.p_vaddr &&
            header.e_entry - p.p_vaddr < p.p_memsz)
            img->entry = header.e_entry - p.p_vaddr + p.p_paddr;
    }
    if (r == 0 && img->n_segments == 0)
        r = err_set(e, ERR_FORMAT, "ELF file without a loadable segment (is it an object file?)");
    if (r == 0)
        find_tohost(img, elf);
out:
    if (elf)
        elf_end(elf);
    return r;
}
