/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_CPUID_IMPL_H
#define ORRERY_CPU_X86_CPUID_IMPL_H
/* Between cpuid.c and cpuid_topology.c. */
#include "cpu/x86/x86_impl.h"

/* The features of one leaf: cpuid.c. */
struct x86_feature_words {
    uint32_t leaf, subleaf, regs[4];
};

struct x86_id_widths {
    unsigned thread, core, module, die; /* first bit above each in an APIC id */
};
struct x86_id_widths x86_id_widths(const struct x86_topology *t);
uint32_t x86_cpus_per_socket(const struct x86_topology *t);
/* Leaves B, 1F (all: it has levels above cores) and 80000026 (amd). */
void x86_topology_leaf(const struct x86_config *k, uint32_t subleaf, bool all, bool amd,
                       uint32_t r[4]);
void x86_cache_leaf(const struct x86_config *k, uint32_t n, bool intel,
                    uint32_t r[4]);                                       /* 4, 8000001D */
void x86_tlb_leaf(const struct x86_config *k, uint32_t n, uint32_t r[4]); /* 18 */
void x86_amd_cache_leaf(const struct x86_config *k, uint32_t leaf,
                        uint32_t r[4]); /* 80000005, 6, 19 */
bool x86_l2_tlb_in_32s(
    const struct x86_config *k); /* second-level TLBs are given in units of 32 entries */

#endif
