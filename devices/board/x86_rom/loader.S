/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option ROM by which a PC's BIOS starts the kernel of -kernel (BIOS Boot Specification 1.01, 3.3: a BEV device; Plug and
 * Play BIOS Specification 1.0A, 3.2: its header). It hands the BIOS's memory map to the board through the fw_cfg file
 * "etc/orrery/start" (x86_firmware.c), which is the board's sign to put kernel, modules and all it is told into memory, and
 * jumps to where the board says, in 32-bit protected mode. It works in the segment SEGMENT, kernels keep away from there.
 *
 *   file, and RAM at START:  0 entry  4 EAX  8 EBX  12 ESI  16 entries of the map  20 the map, 20 bytes each
 *
 * Position independent: no relocation may be left; every address is a difference.
 */
#define SEGMENT    0x9000           /* x86_direct.h: DIRECT_ROM */
#define START      0x1000           /* below it the stack */
#define MAP        (START + 20)
#define MAP_MOST   64
#define FILE_SIZE  (20 + 20 * MAP_MOST)
#define SCRATCH    0x0100           /* DMA request, directory entry, pseudo-descriptor, far pointer */
#define ENTRY      (SCRATCH + 0x20)
#define GDTR       (SCRATCH + 0x70)
#define FAR_POINTER (SCRATCH + 0x78)
#define GDT        0x1000           /* x86_direct.h: the board has put it there */
#define GDT_LIMIT  31
#define BOOT_CS    0x10
#define BOOT_DS    0x18
#define FW_SELECT  0x510
#define FW_DATA    0x511
#define FW_DMA_LOW 0x518
#define FILE_DIR   0x19
#define DMA_READ   (2 + 8)          /* and select */
#define DMA_WRITE  (16 + 8)
#define SMAP       0x534d4150

        .code16
        .text
rom:    .byte 0x55, 0xaa, (rom_end - rom) / 512
        lret                        /* nothing to initialise */
        .org 0x1a
        .word pnp - rom
        .org 0x20
pnp:    .ascii "$PnP"
        .byte 1, 2                  /* revision, length in 16 bytes */
        .word 0
        .byte 0, 0                  /* checksum: pnp_sum, below */
        .long 0
        .word maker - rom, product - rom
        .byte 0, 0, 0, 0x04         /* indicators: may be shadowed */
        .word 0, 0
        .word boot - rom            /* bootstrap entry vector */
        .word 0, 0
maker:  .asciz "Orrery"
product: .asciz "Orrery kernel"
file:   .asciz "etc/orrery/start"
file_end:
failed_text: .asciz "Orrery: the board has no kernel for its option ROM\r\n"
        .balign 4

boot:   cld
        cli
        mov $SEGMENT, %ax
        mov %ax, %ds
        mov %ax, %es
        mov %ax, %ss
        mov $START, %esp
        sti

        /* ACPI 6.4, 15.1: INT 15h, E820h */
        xor %ebx, %ebx
        mov %ebx, START + 16
        mov $MAP, %di
next_range:
        mov $0xe820, %eax
        mov $20, %ecx
        mov $SMAP, %edx
        int $0x15
        jc map_done
        cmp $SMAP, %eax
        jne map_done
        add $20, %di
        incl START + 16
        cmpl $MAP_MOST, START + 16
        jae map_done
        test %ebx, %ebx
        jnz next_range
map_done:

        /* fw_cfg's directory: a count, then size (4), key (2), 2, name (56); numbers are big-endian */
        mov $FW_SELECT, %dx
        mov $FILE_DIR, %ax
        out %ax, %dx
        mov $FW_DATA, %dx
        mov $SCRATCH, %di
        mov $4, %cx
        rep insb
        mov SCRATCH, %ebp
        bswap %ebp
next_file:
        test %ebp, %ebp
        jz failed
        dec %ebp
        mov $ENTRY, %di
        mov $64, %cx
        mov $FW_DATA, %dx
        rep insb
        mov $(file - rom), %si
        mov $(ENTRY + 8), %di
        mov $(file_end - file), %cx
        repe cmpsb %es:(%di), %cs:(%si)
        jne next_file

        mov $DMA_WRITE, %al
        mov $FILE_SIZE, %ecx
        call dma
        mov $DMA_READ, %al
        mov $16, %ecx
        call dma
        testb $1, SCRATCH + 3       /* the error bit */
        jnz failed
        cmpl $0, START
        je failed

        cli
        movw $GDT_LIMIT, GDTR
        movl $GDT, GDTR + 2
        lgdtl GDTR
        xor %eax, %eax
        mov %cs, %ax
        shl $4, %eax
        add $(protected - rom), %eax
        mov %eax, FAR_POINTER
        movw $BOOT_CS, FAR_POINTER + 4
        mov %cr0, %eax
        or $1, %al
        mov %eax, %cr0
        ljmpl *FAR_POINTER

        /* ecx bytes of the file, AL: which way; START is the memory. The request is done when the OUT is. */
dma:    movzbl %al, %eax
        movzwl ENTRY + 4, %edx
        xchg %dl, %dh
        shl $16, %edx
        or %edx, %eax
        bswap %eax
        mov %eax, SCRATCH
        bswap %ecx
        mov %ecx, SCRATCH + 4
        movl $0, SCRATCH + 8
        mov $(SEGMENT * 16 + START), %eax
        bswap %eax
        mov %eax, SCRATCH + 12
        mov $(SEGMENT * 16 + SCRATCH), %eax
        bswap %eax
        mov $FW_DMA_LOW, %dx
        out %eax, %dx
        ret

failed: mov $(failed_text - rom), %si
put:    lodsb %cs:(%si), %al
        test %al, %al
        jz stop
        mov $0x0e, %ah              /* INT 10h: teletype output */
        mov $7, %bx
        int $0x10
        jmp put
stop:   int $0x18                   /* the next boot device */
        hlt
        jmp stop

        .code32
protected:
        mov $BOOT_DS, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov %eax, %fs
        mov %eax, %gs
        xor %edi, %edi
        xor %ebp, %ebp
        xor %ecx, %ecx
        xor %edx, %edx
        mov SEGMENT * 16 + START + 8, %ebx
        mov SEGMENT * 16 + START + 12, %esi
        mov SEGMENT * 16 + START + 4, %eax
        jmp *(SEGMENT * 16 + START)

        .org 1024                   /* the last byte makes the sum of all 0: x86_firmware.c sets it */
rom_end:
