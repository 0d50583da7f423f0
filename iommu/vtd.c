/* SPDX-License-Identifier: Apache-2.0 */
/* The registers: chapter 11. */
#include "core/util/bytes.h"
#include "iommu/vtd_impl.h"
#include <stdio.h>

#define FRCD_OFFSET  0x220u
#define IOTLB_OFFSET 0x0f0u

/* 11.4.2 */
#define CAP_ND_64K   6ull
#define CAP_CM       BIT(7)
#define CAP_SAGAW    12, 8
#define CAP_MGAW     21, 16
#define CAP_ZLR      BIT(22)
#define CAP_FRO      33, 24
#define CAP_SLLPS    37, 34
#define CAP_PSI      BIT(39)
#define CAP_NFR      47, 40
#define CAP_MAMV     53, 48
#define CAP_DRAIN    (BIT(54) | BIT(55))
/* 11.4.3 */
#define ECAP_C       BIT(0)
#define ECAP_QI      BIT(1)
#define ECAP_IR      BIT(3)
#define ECAP_EIM     BIT(4)
#define ECAP_PT      BIT(6)
#define ECAP_SC      BIT(7)
#define ECAP_IRO     17, 8
#define ECAP_MHMV    23, 20

static uint64_t capabilities(const struct vtd_config *c)
{
    uint64_t v = CAP_ND_64K | CAP_ZLR | CAP_PSI | (c->caching_mode ? CAP_CM : 0) | (c->dma_drain ? CAP_DRAIN : 0);
    uint64_t widths = c->aw_bits >= 57 ? 0xe : c->aw_bits >= 48 ? 6 : 2;
    v = F_PUT(v, CAP_SAGAW, c->translates ? widths : 0);
    v = F_PUT(v, CAP_MGAW, c->aw_bits - 1);
    v = F_PUT(v, CAP_FRO, FRCD_OFFSET / 16);
    v = F_PUT(v, CAP_SLLPS, 3); /* 2 MiB, 1 GiB */
    v = F_PUT(v, CAP_NFR, VTD_FAULTS - 1);
    return F_PUT(v, CAP_MAMV, 18);
}

static uint64_t extended_capabilities(const struct vtd_config *c)
{
    uint64_t v = ECAP_C | ECAP_QI | (c->intremap ? ECAP_IR : 0) | (c->intremap && c->extended ? ECAP_EIM : 0) |
                 (c->pass_through ? ECAP_PT : 0) | (c->snoop_control ? ECAP_SC : 0);
    v = F_PUT(v, ECAP_IRO, IOTLB_OFFSET / 16);
    return F_PUT(v, ECAP_MHMV, c->intremap ? 15 : 0);
}

/* ---- memory ---- */
bool vtd_read(const struct vtd *v, pa_t pa, uint64_t *words, unsigned n)
{
    uint64_t there;
    const uint8_t *p = mem_pointer(v->config.memory, pa, &there, false);
    if (p == NULL || there < n * 8ull)
        return false;
    for (unsigned i = 0; i < n; i++)
        words[i] = ld_le64(p + 8 * i);
    return true;
}

bool vtd_write32(struct vtd *v, pa_t pa, uint32_t value)
{
    uint64_t there;
    if (mem_pointer(v->config.memory, pa, &there, true) == NULL || there < 4)
        return false;
    return mem_store(v->config.memory, pa, 4, value, NULL) == MEM_OK;
}

static void forget_everything(struct vtd *v)
{
    vtd_forget_contexts(v, 0, 0);
    vtd_forget_all_translations(v);
    vtd_forget_interrupts(v, 0, 16);
}

/* ---- global command (11.4.4.1): each bit by itself, whatever the others say ---- */
static void set_queue(struct vtd *v, bool on)
{
    if (on == !!(v->status & VTD_QIE))
        return;
    v->status ^= (uint32_t)VTD_QIE;
    v->queue_head = 0; /* 11.4.9.1: both when it is switched off and before the first descriptor */
    vtd_run_queue(v);
}

static void wrote_command(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct vtd *v = dev;
    uint32_t kept = (uint32_t)(VTD_TE | VTD_IRE | VTD_CFI), may = (uint32_t)VTD_CFI;

    (void)index, (void)old;
    if (v->config.translates)
        may |= (uint32_t)VTD_TE;
    if (v->config.intremap)
        may |= (uint32_t)VTD_IRE;
    if (now & kept & ~may)
        guest_error(&v->dev, "command", "GCMD %#llx asks for what CAP and ECAP do not offer", (unsigned long long)now);
    if (now & VTD_RTP) {
        v->root = v->root_address;
        v->status |= (uint32_t)VTD_RTP;
        vtd_forget_contexts(v, 0, 0);
        vtd_forget_all_translations(v);
    }
    if ((now & VTD_IRTP) && v->config.intremap) {
        v->remap = v->remap_address;
        v->status |= (uint32_t)VTD_IRTP;
        vtd_forget_interrupts(v, 0, 16);
    }
    v->status = (v->status & ~kept) | ((uint32_t)now & may);
    set_queue(v, now & VTD_QIE);
}

static uint64_t read_version(const void *dev, uint32_t i)
{
    (void)dev, (void)i;
    return 0x10; /* 1.0, as long as there is no scalable mode */
}
static uint64_t read_cap(const void *dev, uint32_t i)
{
    (void)i;
    return ((const struct vtd *)dev)->cap;
}
static uint64_t read_ecap(const void *dev, uint32_t i)
{
    (void)i;
    return ((const struct vtd *)dev)->ecap;
}

/* ---- invalidation ---- */
static void wrote_context_command(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old;
    if (now & BIT(63))
        vtd_context_command(dev);
}
static void wrote_iotlb(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old;
    if (now & BIT(63))
        vtd_iotlb_command(dev);
}
static void wrote_tail(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old, (void)now;
    vtd_run_queue(dev);
}

/* ---- faults ---- */
static uint64_t read_fault_status(const void *dev, uint32_t i)
{
    (void)i;
    return vtd_read_status(dev);
}
static void wrote_fault_status(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct vtd *v = dev;
    (void)i, (void)old;
    v->fault_status &= ~((uint32_t)now & (uint32_t)(VTD_PFO | VTD_IQE | VTD_ICE | VTD_ITE));
    if (!(v->fault_status & VTD_IQE))
        v->queue_error &= ~15ull;
    vtd_status_cleared(v);
    if (now & VTD_IQE) /* the queue goes on from the descriptor that was wrong */
        vtd_run_queue(v);
}
static uint64_t read_record(const void *dev, uint32_t i)
{
    return ((const struct vtd *)dev)->faults[i];
}
static void wrote_record(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    struct vtd *v = dev;
    (void)old;
    if (i % 2 == 1 && (now & BIT(63)))
        v->faults[i] &= ~BIT(63);
    vtd_status_cleared(v);
}
static void wrote_fault_control(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old, (void)now;
    vtd_control_written(dev);
}
static void wrote_done_control(void *dev, uint32_t i, uint64_t old, uint64_t now)
{
    (void)i, (void)old, (void)now;
    vtd_done_control_written(dev);
}

#define AT(m) REG_AT(vtd, m)
#define HALF  .sizes = 4 | 8
#define TABLE F_MASK(51, 12)
#define QUEUE_OFFSET F_MASK(18, 4)
static const struct reg_desc regs[] = {
    REG32(0x000, "VER_REG", .read = read_version),
    REG64(0x008, "CAP_REG", HALF, .read = read_cap),
    REG64(0x010, "ECAP_REG", HALF, .read = read_ecap),
    REG32(0x018, "GCMD_REG", .rw = UINT32_MAX, .wrote = wrote_command),
    REG32(0x01c, "GSTS_REG", AT(status)),
    REG64(0x020, "RTADDR_REG", AT(root_address), HALF, .rw = TABLE),
    REG64(0x028, "CCMD_REG", AT(context_command), HALF, .rw = ~F_MASK(60, 34), .wrote = wrote_context_command),
    REG32(0x034, "FSTS_REG", .read = read_fault_status, .w1c = 0x71, .wrote = wrote_fault_status),
    REG32(0x038, "FECTL_REG", AT(fault_control), .rw = BIT(31), .reset = BIT(31), .wrote = wrote_fault_control),
    REG32(0x03c, "FEDATA_REG", AT(fault_data), .rw = 0xffff),
    REG32(0x040, "FEADDR_REG", AT(fault_address), .rw = 0xfffffffc),
    REG32(0x044, "FEUADDR_REG", AT(fault_upper), .rw = 0xffffffff),
    REG64(0x080, "IQH_REG", AT(queue_head), HALF),
    REG64(0x088, "IQT_REG", AT(queue_tail), HALF, .rw = QUEUE_OFFSET, .wrote = wrote_tail),
    REG64(0x090, "IQA_REG", AT(queue_address), HALF, .rw = TABLE | 7),
    REG32(0x09c, "ICS_REG", AT(done), .w1c = BIT(0), .wrote = wrote_done_control),
    REG32(0x0a0, "IECTL_REG", AT(done_control), .rw = BIT(31), .reset = BIT(31), .wrote = wrote_done_control),
    REG32(0x0a4, "IEDATA_REG", AT(done_data), .rw = 0xffff),
    REG32(0x0a8, "IEADDR_REG", AT(done_address), .rw = 0xfffffffc),
    REG32(0x0ac, "IEUADDR_REG", AT(done_upper), .rw = 0xffffffff),
    REG64(0x0b0, "IQERCD_REG", AT(queue_error), HALF),
    REG64(0x0b8, "IRTA_REG", AT(remap_address), HALF, .rw = TABLE | BIT(11) | 15),
    REG64(IOTLB_OFFSET, "IVA_REG", AT(iva), HALF, .rw = ~F_MASK(11, 7)),
    REG64(IOTLB_OFFSET + 8, "IOTLB_REG", AT(iotlb), HALF, .rw = BIT(63) | F_MASK(61, 60) | F_MASK(49, 32), .wrote = wrote_iotlb),
    REG64(FRCD_OFFSET, "FRCD_REG", HALF, .count = 2 * VTD_FAULTS, .w1c = BIT(63), .read = read_record, .wrote = wrote_record),
};

/* ---- life ---- */
static void vtd_reset(void *dev)
{
    struct vtd *v = dev;
    v->status = v->fault_status = v->next_fault = 0;
    v->root = v->remap = 0;
    for (unsigned i = 0; i < 2 * VTD_FAULTS; i++)
        v->faults[i] = 0;
    forget_everything(v);
}

static void vtd_loaded(void *dev)
{
    struct vtd *v = dev;
    v->next_fault %= VTD_FAULTS; /* a snapshot is not trusted: the queue's ends must meet */
    v->queue_head &= QUEUE_OFFSET;
    v->queue_tail &= QUEUE_OFFSET;
    forget_everything(v);
}

static void vtd_destroy(void *dev)
{
    struct vtd *v = dev;
    if (v->interrupts != NULL)
        mem_space_destroy(v->interrupts);
}

static const struct state_field vtd_state[] = {
    STATE(vtd, root_address), STATE(vtd, root), STATE(vtd, remap_address), STATE(vtd, remap), STATE(vtd, context_command),
    STATE(vtd, iotlb), STATE(vtd, iva), STATE(vtd, queue_address), STATE(vtd, queue_head), STATE(vtd, queue_tail),
    STATE(vtd, queue_error), STATE(vtd, faults), STATE(vtd, status), STATE(vtd, fault_status), STATE(vtd, fault_control),
    STATE(vtd, fault_data), STATE(vtd, fault_address), STATE(vtd, fault_upper), STATE(vtd, done), STATE(vtd, done_control),
    STATE(vtd, done_data), STATE(vtd, done_address), STATE(vtd, done_upper), STATE(vtd, next_fault), STATE_END
};

static const struct device_ops vtd_ops = {
    .name = "intel-iommu", .spec = "Intel VT-d (D51397) 4.0, legacy mode", .size = sizeof(struct vtd),
    .regs = regs, .n_regs = ARRAY_LEN(regs), .mmio_size = VTD_SIZE, .state = vtd_state, .version = 1,
    .reset = vtd_reset, .loaded = vtd_loaded, .destroy = vtd_destroy,
};

struct vtd *vtd_create(struct machine *m, const char *id, const struct vtd_config *config, struct err *e)
{
    if (config->aw_bits != 39 && config->aw_bits != 48 && config->aw_bits != 57) {
        err_set(e, ERR_ARG, "%s: aw-bits=%u; 39, 48 and 57 are accepted", id, config->aw_bits);
        return NULL;
    }
    if (config->extended && !config->intremap) {
        err_set(e, ERR_ARG, "%s: eim=on cannot be selected without intremap=on", id);
        return NULL;
    }
    struct vtd *v = device_create(m, &vtd_ops, id, e);
    if (v == NULL)
        return NULL;
    v->config = *config;
    v->iommu = (struct dma_iommu){ vtd_translate, v };
    v->cap = capabilities(config);
    v->ecap = extended_capabilities(config);
    v->interrupts = mem_space_create("remapped interrupts");
    if (v->interrupts == NULL) {
        err_set(e, ERR_NOMEM, "%s: no memory for an address space", id);
        return NULL;
    }
    if (mem_add_mmio(v->interrupts, "interrupts", VTD_INTERRUPT_RANGE << 20, 1u << 20, 0, &vtd_interrupt_mmio, v, NULL, e) < 0)
        return NULL;
    return v;
}
