/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_IMAGE_H
#define ORRERY_DEVICES_BOARD_IMAGE_H
/*
 * Kernel, firmware and RAM-disk images: recognise, unpack, place in guest memory.
 *
 * Formats: ELF (ELF gABI; segments go to their physical addresses), Linux `Image`
 * of riscv, arm64 and loongarch (Documentation/arch/{riscv/boot-image-header,arm64/booting,loongarch/booting}.rst), EFI
 * zboot (drivers/firmware/efi/libstub/zboot-header.S) with a gzip or zstd payload,
 * gzip around any of these, and raw bytes. Wrappers are peeled at most three
 * deep and to at most IMAGE_LIMIT bytes, so a hostile file cannot exhaust the host.
 *
 * An image is read once, placed as often as the machine is reset, and freed by its
 * owner. Everything in the file is checked against the file's size.
 */
#include "core/memory/space.h"

#define IMAGE_LIMIT (1ull << 30) /* bytes, file and unpacked */

enum image_kind { IMAGE_RAW, IMAGE_ELF, IMAGE_LINUX_RISCV, IMAGE_LINUX_ARM64, IMAGE_LINUX_LOONGARCH };

struct image_segment {
    pa_t address;
    uint64_t offset, file_size, memory_size; /* the rest of memory_size is zeroed */
    uint64_t headers;            /* so many bytes at the front are the file's own headers and padding */
};

struct image {
    char *path;
    enum image_kind kind;
    uint8_t *data;               /* unpacked */
    uint64_t size;
    uint16_t elf_machine;        /* EM_*; 0 if not ELF */
    bool elf_64;
    uint64_t entry;              /* ELF: physical entry; Linux of LoongArch: address */
    pa_t low, high;              /* ELF: range of memory used, [low, high) */
    struct image_segment *segments;
    uint32_t n_segments;
    uint64_t text_offset;        /* Linux: from a 2 MiB boundary; of LoongArch: from address 0 */
    uint64_t image_size;         /* Linux: memory needed, at least `size` */
    char *words;                 /* behind its name: a module's command line, or NULL */
    struct image *next;          /* of a list of images (Multiboot's modules), freed together */
    bool has_pvh;                /* ELF: a note XEN_ELFNOTE_PHYS32_ENTRY names */
    uint64_t pvh_entry;          /* this physical address */
    uint64_t tohost;             /* ELF: address of symbol `tohost`, 0 if none */
};

/*
 * Read and recognise `path`. ERR_IO: "could not open kernel file 'x': ..."; `what`
 * names the role ("kernel", "initrd"). ERR_FORMAT says what was found and what is accepted.
 */
int image_open(struct image **out, const char *path, const char *what, struct err *e) MUST_CHECK;

/* As it stands in the file, without recognising or unpacking (RAM disks, flash contents). */
int image_open_raw(struct image **out, const char *path, const char *what, struct err *e) MUST_CHECK;
/* Recognise bytes already in memory: they are copied. For tests and fuzzers. */
int image_parse(struct image **out, const uint8_t *bytes, size_t n, const char *what,
                struct err *e) MUST_CHECK;
void image_free(struct image *img);
/*
 * For an ISA whose linkers write addresses in a window of virtual ones where others write physical addresses: keep the
 * low `bits` of all that the ELF file gives. Nothing happens to other images.
 */
void image_mask_addresses(struct image *img, unsigned bits);

/*
 * Copy into guest memory: ELF to its own addresses, others to `base`. ERR_LIMIT names
 * the range that is not RAM. Linkers put an ELF file's headers on a page before the program;
 * where that page lies below RAM it is left out.
 */
int image_place(const struct image *img, struct mem_space *memory, pa_t base, struct err *e) MUST_CHECK;
/* `file_size` bytes from `offset` on, to `at`; the rest of `memory_size` is zeroed. They lie within the image. */
int image_place_bytes(const struct image *img, struct mem_space *memory, pa_t at, uint64_t offset,
                      uint64_t file_size, uint64_t memory_size, struct err *e) MUST_CHECK;

#endif
