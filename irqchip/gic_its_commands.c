/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of the ITS (IHI 0069H, 5.3). One that is in error has no effect; the guest error says
 * why, the queue goes on.
 */
#include "irqchip/gic_its_impl.h"
#include "core/util/bytes.h"

enum { COMMAND_SIZE = 32 };
/*
 * One request of the guest is bounded work: so much at once, the rest after a while. INVALL
 * and MOVALL may look at every LPI and count accordingly.
 */
enum { BUDGET = 256, COST = 1, COST_ALL = 64 };
#define PAUSE PS_PER_US

struct command {
    uint64_t word[4];
};
#define CMD_OPCODE 7, 0    /* word 0 */
#define CMD_DEVICE 63, 32
#define CMD_EVENT  31, 0   /* word 1 */
#define CMD_INTID  63, 32
#define CMD_BITS   4, 0
#define CMD_ICID   15, 0   /* word 2 */
#define CMD_RDBASE 51, 16
#define CMD_ITT    51, 8
#define CMD_VALID  63, 63

static uint32_t device_id(const struct command *c)
{
    return (uint32_t)F_GET(c->word[0], CMD_DEVICE);
}
static uint32_t event_id(const struct command *c) { return (uint32_t)F_GET(c->word[1], CMD_EVENT); }
static uint32_t icid(const struct command *c) { return (uint32_t)F_GET(c->word[2], CMD_ICID); }

/* RDbase as a processor number (PTA 0); beyond the last CPU: no such redistributor. */
static bool rdbase(const struct gic_its *s, uint64_t word, uint32_t *cpu)
{
    *cpu = (uint32_t)MIN(F_GET(word, CMD_RDBASE), (uint64_t)UINT32_MAX);
    return *cpu < gicv3_n_cpus(s->gic);
}

const char *gic_its_translate(struct gic_its *s, uint32_t device, uint32_t event,
                              struct gic_its_event *ev, struct gic_its_collection *c)
{
    struct gic_its_device d;

    if (!gic_its_get_device(s, device, &d))
        return "DeviceID out of range";
    if (!d.valid)
        return "DeviceID not mapped";
    if (!gic_its_get_event(s, &d, event, ev))
        return "EventID out of range";
    if (!ev->valid)
        return "EventID not mapped";
    if (!gic_its_get_collection(s, ev->icid, c) || !c->valid)
        return "collection not mapped";
    return NULL;
}

/* ---- what each does; the result is NULL, or why it is in error ---- */
static const char *mapd(struct gic_its *s, const struct command *c)
{
    struct gic_its_device d = { .valid = F_GET(c->word[2], CMD_VALID),
                                .event_bits = (uint32_t)F_GET(c->word[1], CMD_BITS) + 1,
                                .itt = F_GET(c->word[2], CMD_ITT) << 8 };

    if (d.valid && d.event_bits > GIC_ITS_ID_BITS)
        return "size out of range";
    return gic_its_put_device(s, device_id(c), &d) ? NULL : "DeviceID out of range";
}

static const char *mapc(struct gic_its *s, const struct command *c)
{
    struct gic_its_collection to = { .valid = F_GET(c->word[2], CMD_VALID) };

    if (!rdbase(s, c->word[2], &to.cpu) && to.valid)
        return "RDbase out of range";
    return gic_its_put_collection(s, icid(c), &to) ? NULL : "ICID out of range";
}

/* 5.3.12, 5.3.13: the collection need not be mapped yet. */
static const char *map_event(struct gic_its *s, const struct command *c, uint32_t intid)
{
    struct gic_its_event ev = { .valid = true, .intid = intid, .icid = icid(c) };
    struct gic_its_device d;

    if (!gic_its_get_device(s, device_id(c), &d) || !d.valid)
        return "DeviceID not mapped";
    if (intid < GICV3_FIRST_LPI || intid >> GICV3_ID_BITS != 0)
        return "pINTID out of range";
    return gic_its_put_event(s, &d, event_id(c), &ev) ? NULL : "EventID out of range";
}

static const char *mapti(struct gic_its *s, const struct command *c)
{
    return map_event(s, c, (uint32_t)F_GET(c->word[1], CMD_INTID));
}

static const char *mapi(struct gic_its *s, const struct command *c)
{
    return map_event(s, c, event_id(c));
}

static const char *movi(struct gic_its *s, const struct command *c)
{
    struct gic_its_collection from, to;
    struct gic_its_device d;
    struct gic_its_event ev;
    const char *fault = gic_its_translate(s, device_id(c), event_id(c), &ev, &from);

    if (fault)
        return fault;
    if (!gic_its_get_collection(s, icid(c), &to) || !to.valid)
        return "new collection not mapped";
    ev.icid = icid(c);
    if (!gic_its_get_device(s, device_id(c), &d) || !gic_its_put_event(s, &d, event_id(c), &ev))
        return "EventID out of range";
    gicv3_move_lpi(s->gic, from.cpu, to.cpu, ev.intid);
    return NULL;
}

static const char *interrupt(struct gic_its *s, const struct command *c)
{
    struct gic_its_collection to;
    struct gic_its_event ev;
    const char *fault = gic_its_translate(s, device_id(c), event_id(c), &ev, &to);

    if (!fault)
        gicv3_set_lpi(s->gic, to.cpu, ev.intid, true);
    return fault;
}

static const char *clear(struct gic_its *s, const struct command *c)
{
    struct gic_its_collection to;
    struct gic_its_event ev;
    const char *fault = gic_its_translate(s, device_id(c), event_id(c), &ev, &to);

    if (!fault)
        gicv3_set_lpi(s->gic, to.cpu, ev.intid, false);
    return fault;
}

static const char *discard(struct gic_its *s, const struct command *c)
{
    const char *fault = clear(s, c);
    struct gic_its_event none = { 0 };
    struct gic_its_device d;

    if (fault)
        return fault;
    return gic_its_get_device(s, device_id(c), &d) && gic_its_put_event(s, &d, event_id(c), &none)
               ? NULL
               : "EventID out of range";
}

static const char *inv(struct gic_its *s, const struct command *c)
{
    struct gic_its_collection to;
    struct gic_its_event ev;
    const char *fault = gic_its_translate(s, device_id(c), event_id(c), &ev, &to);

    if (!fault)
        gicv3_reread_lpi(s->gic, to.cpu, ev.intid);
    return fault;
}

static const char *invall(struct gic_its *s, const struct command *c)
{
    struct gic_its_collection to;

    if (!gic_its_get_collection(s, icid(c), &to) || !to.valid)
        return "collection not mapped";
    gicv3_reread_lpi(s->gic, to.cpu, 0);
    return NULL;
}

static const char *movall(struct gic_its *s, const struct command *c)
{
    uint32_t from, to;

    if (!rdbase(s, c->word[2], &from) || !rdbase(s, c->word[3], &to))
        return "RDbase out of range";
    gicv3_move_lpi(s->gic, from, to, 0);
    return NULL;
}

/* Every command has taken full effect when the next one begins. */
static const char *sync(struct gic_its *s, const struct command *c)
{
    uint32_t cpu;

    return rdbase(s, c->word[2], &cpu) ? NULL : "RDbase out of range";
}

static const struct {
    const char *name;
    const char *(*run)(struct gic_its *s, const struct command *c);
    uint32_t cost;
} commands[] = { /* table 5-3 */
    [0x01] = { "MOVI", movi, COST },       [0x03] = { "INT", interrupt, COST },
    [0x04] = { "CLEAR", clear, COST },     [0x05] = { "SYNC", sync, COST },
    [0x08] = { "MAPD", mapd, COST },       [0x09] = { "MAPC", mapc, COST },
    [0x0a] = { "MAPTI", mapti, COST },     [0x0b] = { "MAPI", mapi, COST },
    [0x0c] = { "INV", inv, COST },         [0x0d] = { "INVALL", invall, COST_ALL },
    [0x0e] = { "MOVALL", movall, COST_ALL }, [0x0f] = { "DISCARD", discard, COST },
};

static uint32_t execute(struct gic_its *s, const struct command *c)
{
    uint32_t op = (uint32_t)F_GET(c->word[0], CMD_OPCODE);
    const char *fault;

    if (op >= ARRAY_LEN(commands) || commands[op].run == NULL) {
        guest_error(&s->dev, "no such ITS command", "%#x", op);
        return COST;
    }
    fault = commands[op].run(s, c);
    if (fault)
        guest_error(&s->dev, fault, "%s, DeviceID %#x, words %#llx %#llx %#llx", commands[op].name,
                    device_id(c), (unsigned long long)c->word[1], (unsigned long long)c->word[2],
                    (unsigned long long)c->word[3]);
    return commands[op].cost;
}

/* 5.3.1: the queue is a ring of whole 4 KiB pages; it is empty where CREADR meets CWRITER. */
void gic_its_run(struct gic_its *s)
{
    uint64_t size = (F_GET(s->cbaser, GITS_CBASER_SIZE) + 1) * 4096;
    uint64_t base = s->cbaser & F_MASK(GITS_CBASER_PA);
    uint32_t spent = 0;

    if (ev_is_armed(&s->rest) || !F_GET(s->ctlr, GITS_CTLR_ENABLED) ||
        !F_GET(s->cbaser, GITS_CBASER_VALID))
        return;
    if (s->cwriter >= size) {
        guest_error(&s->dev, "GITS_CWRITER beyond the command queue", "%#llx of %#llx bytes",
                    (unsigned long long)s->cwriter, (unsigned long long)size);
        return;
    }
    while (s->creadr != s->cwriter && spent < BUDGET) {
        uint8_t raw[COMMAND_SIZE];
        struct command c;
        if (!gicv3_table_read(&s->memory, base + s->creadr, raw, sizeof(raw))) {
            guest_error(&s->dev, "no memory at the ITS command queue", "GITS_CBASER %#llx",
                        (unsigned long long)s->cbaser);
            return;
        }
        for (uint32_t i = 0; i < 4; i++)
            c.word[i] = ld_le64(raw + 8 * i);
        spent += execute(s, &c);
        s->creadr = s->creadr + COMMAND_SIZE >= size ? 0 : s->creadr + COMMAND_SIZE;
    }
    if (s->creadr != s->cwriter)
        ev_arm(&s->rest, device_now(&s->dev) + PAUSE);
}

void gic_its_rest(void *its, ps_t when)
{
    (void)when;
    gic_its_run(its);
}
