/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/x86_impl.h"
#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdio.h>

static void disassemble(const struct exec_backend *be, uint32_t from, uint32_t to)
{
    csh cs;
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &cs) != CS_ERR_OK)
        return;
    cs_option(cs, CS_OPT_SKIPDATA, CS_OPT_ON);
    cs_insn *insns;
    size_t n = cs_disasm(cs, be->rw + from, to - from, from, 0, &insns);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "  %06" PRIx64 "  %s %s\n", insns[i].address, insns[i].mnemonic,
                insns[i].op_str);
    if (n)
        cs_free(insns, n);
    cs_close(&cs);
}

/* What was compiled, as asked for: assembly text, perf's map. Addresses are buffer offsets. */
void x86_dump(const struct exec_backend *be, const struct exec_block *b, uint32_t from, uint32_t cold_from)
{
    uint32_t to = asm_offset(&be->a), cold_to = asm_offset(&be->cold);
    if (be->dump & EXEC_DUMP_ASM) {
        const struct x86_code *c = b->backend_private;
        fprintf(stderr, "asm of page 0x%x + 0x%x, mode 0x%x%s: %u + %u bytes, entry 0x%x\n", b->page,
                (unsigned)b->start, b->mode, b->region ? ", region" : "", to - from, cold_to - cold_from,
                c->entry);
        disassemble(be, from, to);
        disassemble(be, cold_from, cold_to);
    }
    if (be->perf_map) {
        const char *kind = b->region ? "region" : "block";
        fprintf(be->perf_map, "%" PRIxPTR " %x %s_%x_%x\n", (uintptr_t)be->rx + from, to - from, kind,
                b->page, (unsigned)b->start);
        fprintf(be->perf_map, "%" PRIxPTR " %x cold_%s_%x_%x\n", (uintptr_t)be->rx + cold_from,
                cold_to - cold_from, kind, b->page, (unsigned)b->start);
        fflush(be->perf_map);
    }
}
