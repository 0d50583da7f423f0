/* SPDX-License-Identifier: Apache-2.0 */
/* -device: what it may say, and the device and transport that come of it. */
#include "devices/board/virtio_parts.h"
#include "devices/backend/char.h"
#include "devices/backend/option.h"
#include "devices/pci/testdev.h"
#include "devices/virtio/devices.h"
#include "devices/virtio/pci.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything a -device may say; which of it a device takes is checked by name. */
struct device_options {
    char driver[64], id[64], drive[64], netdev[64], rng[64], mac[32], serial[32];
    char chardev[64], name[64], bus[80];
    int num_queues, max_ports, nr, cols, rows, queues, bootindex;
    bool mq, packed, indirect, event_idx, emergency_write;
    char addr[16], romfile[1024];           /* from here on: PCI */
    int vectors, disable_legacy;
    bool disable_modern, multifunction, iommu_platform;
};
enum { CHOSE_AUTO, CHOSE_ON, CHOSE_OFF };
static const char *const on_off_auto[] = { "auto", "on", "off", NULL };
static const struct option_desc device_table[] = {
    OPT_TEXT(device_options, "driver", driver), OPT_TEXT(device_options, "id", id),
    OPT_TEXT(device_options, "drive", drive), OPT_TEXT(device_options, "netdev", netdev),
    OPT_TEXT(device_options, "rng", rng), OPT_TEXT(device_options, "mac", mac),
    OPT_TEXT(device_options, "serial", serial), OPT_TEXT(device_options, "chardev", chardev),
    OPT_TEXT(device_options, "name", name), OPT_TEXT(device_options, "bus", bus),
    OPT_NUMBER(device_options, "num-queues", num_queues), OPT_NUMBER(device_options, "nr", nr),
    OPT_NUMBER(device_options, "max_ports", max_ports), OPT_NUMBER(device_options, "cols", cols),
    OPT_NUMBER(device_options, "rows", rows), OPT_NUMBER(device_options, "queues", queues),
    OPT_BOOL(device_options, "mq", mq), OPT_BOOL(device_options, "packed", packed),
    OPT_BOOL(device_options, "emergency-write", emergency_write),
    OPT_BOOL(device_options, "indirect_desc", indirect), OPT_BOOL(device_options, "event_idx", event_idx),
    OPT_TEXT(device_options, "addr", addr), OPT_NUMBER(device_options, "vectors", vectors),
    OPT_CHOICE(device_options, "disable-legacy", disable_legacy, on_off_auto),
    OPT_BOOL(device_options, "disable-modern", disable_modern),
    OPT_BOOL(device_options, "multifunction", multifunction),
    OPT_BOOL(device_options, "iommu_platform", iommu_platform),
    OPT_TEXT(device_options, "romfile", romfile), OPT_NUMBER(device_options, "bootindex", bootindex),
    OPT_IGNORED("write-cache"),
};

#define ON_PCI_OPTIONS "[,addr=S.F][,romfile=F]"
#define PCI_OPTIONS "[,addr=S.F][,romfile=F][,vectors=N][,disable-legacy=on|off|auto][,disable-modern=on]"
#define DISPLAY_OPTIONS "[,xres=N,yres=N][,edid=off][,addr=S.F]"
const struct board_device parts_devices[] = {
    { "virtio-blk-device", "virtio disk on an MMIO slot: drive=ID[,serial=S][,num-queues=N][,bootindex=N]" },
    { "virtio-blk-pci", "virtio disk on PCI: drive=ID[,serial=S][,num-queues=N][,bootindex=N]" PCI_OPTIONS },
    { "virtio-net-device", "virtio network card on an MMIO slot: netdev=ID[,mac=M][,mq=on[,queues=N]][,bootindex=N]" },
    { "virtio-net-pci", "virtio network card on PCI: netdev=ID[,mac=M][,mq=on[,queues=N]][,bootindex=N]" PCI_OPTIONS },
    { "virtio-rng-device", "virtio entropy on an MMIO slot: [rng=ID]" },
    { "virtio-rng-pci", "virtio entropy on PCI: [rng=ID]" PCI_OPTIONS },
    { "virtio-serial-device", "virtio console on an MMIO slot: [max_ports=N][,cols=N,rows=N]" },
    { "virtio-serial-pci", "virtio console on PCI: [max_ports=N][,cols=N,rows=N]" PCI_OPTIONS },
    { "virtio-keyboard-device", "virtio keyboard on an MMIO slot; -mouse-device, -tablet-device alike" },
    { "virtio-keyboard-pci", "virtio keyboard on PCI" PCI_OPTIONS },
    { "virtio-mouse-pci", "virtio mouse on PCI" PCI_OPTIONS },
    { "virtio-tablet-pci", "virtio tablet, absolute pointer, on PCI" PCI_OPTIONS },
    { "isa-serial", "16550 on a PC's ports: [chardev=ID][,index=0..3][,iobase=P][,irq=N]" },
    { "isa-debugcon", "debug console on a PC's port: [chardev=ID][,iobase=P]" },
    { "isa-debug-exit", "port of a PC that ends the run with code 2 * value + 1: [iobase=P][,iosize=1|2|4]" },
    { "pc-testdev", "what kvm-unit-tests for x86 runs on" },
    { "virtconsole", "console port of a virtio-serial device: [chardev=ID][,name=N][,nr=N][,bus=ID.0]" },
    { "virtserialport", "channel of a virtio-serial device: [chardev=ID][,name=N][,nr=N][,bus=ID.0]" },
    { "pci-testdev", "QEMU's PCI test device: [addr=S.F]" },
    { "ahci", "SATA adapter of the ICH9, six ports" ON_PCI_OPTIONS },
    { "ich9-ahci", "the same" },
    { "ide-hd", "disk on a port of ahci: drive=ID[,bus=ID.N][,serial=S][,bootindex=N]" },
    { "ide-cd", "CD-ROM drive on a port of ahci: [drive=ID][,bus=ID.N][,serial=S][,bootindex=N]" },
    { "e1000e", "Intel 82574L network card: netdev=ID[,mac=M][,bootindex=N]" ON_PCI_OPTIONS },
    { "nvme", "NVMe controller: serial=S[,drive=ID][,logical_block_size=512|4096][,bootindex=N]" ON_PCI_OPTIONS },
    { "nvme-ns", "further namespace of an NVMe controller: drive=ID[,bus=ID][,nsid=N][,logical_block_size=N][,bootindex=N]" },
    { "edu", "QEMU's device for teaching: [dma_mask=N]" ON_PCI_OPTIONS },
    { "intel-iommu", "VT-d remapping unit of a Q35: [intremap=on|off][,eim=on|off][,aw-bits=39|48|57][,caching-mode=on]" },
    { "ramfb", "display in RAM, set up by firmware through fw_cfg" },
    { "VGA", "VGA on PCI with Bochs' display interface: [vgamem_mb=16][,romfile=F]" DISPLAY_OPTIONS },
    { "secondary-vga", "VGA on PCI without legacy ports and ROM: [vgamem_mb=16]" DISPLAY_OPTIONS },
    { "bochs-display", "frame buffer on PCI with Bochs' display interface: [vgamem=16M]" DISPLAY_OPTIONS },
    { NULL, NULL },
};
/* Those that a board makes itself (parts_places.built), and which one does. */
static const struct board_device parts_of_boards[] = { { "intel-iommu", "-machine q35 has" }, { NULL, NULL } };

/* Each virtio device takes these, too, and those on PCI. */
#define COMMON_KEYS " packed indirect_desc event_idx"
#define PCI_KEYS    " addr romfile vectors disable-legacy disable-modern multifunction iommu_platform"

/* QEMU's range for made-up addresses: 52:54:00:12:34:56 and up. */
static int parse_mac(const char *text, uint32_t number, uint8_t mac[6], struct err *e)
{
    static const uint8_t standard[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
    unsigned v[6];
    char end;

    memcpy(mac, standard, 6);
    mac[5] = (uint8_t)(mac[5] + number);
    if (text[0] == 0)
        return 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &end) != 6 ||
        (v[0] & 1))
        return err_set(e, ERR_ARG, "mac '%s' is not a unicast address such as 52:54:00:12:34:56", text);
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)v[i];
    return 0;
}

static int make_blk(struct parts *p, const struct device_options *o, const char *id,
                    struct virtio **v, struct err *e)
{
    struct part_drive *d = parts_find_drive(p, o->drive);

    if (!d)
        return err_set(e, ERR_ABSENT, "device %s: drive '%s' does not exist; give one with "
                       "-drive file=F,if=none,id=%s", o->driver, o->drive, o->drive[0] ? o->drive : "d0");
    if (d->used)
        return err_set(e, ERR_ARG, "device %s: drive '%s' is in use already", o->driver, o->drive);
    if (!d->disk)
        return err_set(e, ERR_ARG, "drive '%s' is empty; only a CD-ROM drive (ide-cd) may be", o->drive);
    d->used = true;
    *v = virtio_blk_create(p->board->machine, id, d->disk, o->serial[0] ? o->serial : d->options.serial, e);
    return *v ? virtio_blk_set_queues(*v, (uint32_t)o->num_queues, e) : e->code;
}

int parts_take_net(struct parts *p, const char *driver, const char *id, const char *text,
                   struct net_backend **net, uint8_t mac[6], struct err *e)
{
    int r = parse_mac(text, p->n_nics++, mac, e);

    *net = net_find(p->board->host, id);
    if (r == 0 && !*net && id[0])
        r = err_set(e, ERR_ABSENT, "device %s: netdev '%s' does not exist; give one with "
                    "-netdev user,id=%s", driver, id, id);
    return r;
}

static int make_net(struct parts *p, const struct device_options *o, const char *id,
                    struct virtio **v, struct err *e)
{
    struct net_backend *net;
    uint8_t mac[6];
    int r = parts_take_net(p, o->driver, o->netdev, o->mac, &net, mac, e);

    if (r < 0)
        return r;
    if (o->queues && !o->mq)
        return err_set(e, ERR_ARG, "device %s: queues=%d needs mq=on", o->driver, o->queues);
    *v = virtio_net_create(p->board->machine, id, net, mac, e);
    if (!*v)
        return e->code;
    /* A pair for each CPU unless told otherwise. */
    uint32_t pairs = MIN(p->board->config.cpus, (uint32_t)VIRTIO_NET_PAIRS);
    return virtio_net_set_pairs(*v, !o->mq ? 1 : o->queues ? (uint32_t)o->queues : pairs, e);
}

static int make_rng(struct parts *p, const struct device_options *o, const char *id,
                    struct virtio **v, struct err *e)
{
    struct rng *source;
    char text[96];
    int r;

    if (o->rng[0]) {
        source = rng_find(p->board->host, o->rng);
        if (!source)
            return err_set(e, ERR_ABSENT, "device %s: object '%s' does not exist; give one with "
                           "-object rng-builtin,id=%s", o->driver, o->rng, o->rng);
    } else {
        snprintf(text, sizeof(text), "rng-builtin,id=%s-source", id);
        if ((r = rng_open(&source, p->board->host, text, e)) < 0)
            return r;
    }
    *v = virtio_rng_create(p->board->machine, id, source, e);
    return *v ? 0 : e->code;
}

static int make_input(struct parts *p, const struct device_options *o, const char *id,
                      struct virtio **v, struct err *e)
{
    enum virtio_input_kind kind = strncmp(o->driver, "virtio-k", 8) == 0 ? VIRTIO_KEYBOARD
                                  : strncmp(o->driver, "virtio-m", 8) == 0 ? VIRTIO_MOUSE : VIRTIO_TABLET;
    struct hid *hid = hid_find(p->board->host);
    int r = hid ? 0 : hid_create(&hid, p->board->host, e);

    if (r < 0)
        return r;
    *v = virtio_input_create(p->board->machine, id, kind, hid, e);
    return *v ? 0 : e->code;
}

static int make_serial(struct parts *p, const struct device_options *o, const char *id,
                       struct virtio **v, struct err *e)
{
    const struct virtio_console_options options = {
        .max_ports = (uint32_t)o->max_ports, .cols = (uint16_t)o->cols, .rows = (uint16_t)o->rows,
        .emergency_write = o->emergency_write,
    };

    if (p->n_serials == PARTS_SERIALS)
        return err_set(e, ERR_LIMIT, "device %s: more than %d of them", o->driver, PARTS_SERIALS);
    if (o->cols > UINT16_MAX || o->rows > UINT16_MAX || !o->cols != !o->rows)
        return err_set(e, ERR_ARG, "device %s: cols=%d,rows=%d; both or none, up to 65535", o->driver,
                       o->cols, o->rows);
    *v = virtio_console_create(p->board->machine, id, &options, e);
    if (!*v)
        return e->code;
    snprintf(p->serials[p->n_serials].id, sizeof(p->serials[0].id), "%s", id);
    p->serials[p->n_serials++].console = *v;
    return 0;
}

/* virtconsole, virtserialport: on the bus "ID.0" of a virtio-serial device, by default the last one. */
static int add_port(struct parts *p, const struct device_options *o, struct err *e)
{
    size_t n = strlen(o->bus);
    struct virtio *console = p->n_serials && n == 0 ? p->serials[p->n_serials - 1].console : NULL;
    struct char_backend *backend = o->chardev[0] ? char_find(p->board->host, o->chardev) : NULL;
    char id[80];

    for (uint32_t i = 0; n > 2 && strcmp(o->bus + n - 2, ".0") == 0 && i < p->n_serials; i++)
        if (strlen(p->serials[i].id) == n - 2 && strncmp(p->serials[i].id, o->bus, n - 2) == 0)
            console = p->serials[i].console;
    if (!console)
        return err_set(e, ERR_ABSENT, "device %s: there is no virtio-serial bus%s%s before it; give "
                       "-device virtio-serial-device,id=ID for a bus 'ID.0'", o->driver,
                       n ? " " : "", o->bus);
    if (o->chardev[0] && !backend)
        return err_set(e, ERR_ABSENT, "device %s: chardev '%s' does not exist; give one with "
                       "-chardev stdio,id=%s", o->driver, o->chardev, o->chardev);
    snprintf(id, sizeof(id), "%s", o->id);
    if (id[0] == 0)
        snprintf(id, sizeof(id), "%s%u", o->driver, p->n_devices);
    p->n_devices++;
    const struct virtio_console_port port = {
        .id = id, .name = o->name, .backend = backend, .number = o->nr,
        .console = strcmp(o->driver, "virtconsole") == 0,
    };
    return virtio_console_add_port(console, &port, e);
}

static bool has_word(const char *words, const char *word, size_t n)
{
    for (const char *w = words; *w; w += strcspn(w, " ")) {
        w += strspn(w, " ");
        if (strcspn(w, " ") == n && strncmp(w, word, n) == 0)
            return true;
    }
    return false;
}

/* Options that mean something to other devices only are refused, not dropped. */
static int check_keys(const char *driver, const char *accepted, const char *text, struct err *e)
{
    static const char specific[] = "bootindex drive netdev rng mac serial chardev name num-queues nr max_ports "
                                   "mq queues cols rows emergency-write" COMMON_KEYS PCI_KEYS;
    bool fits = true;
    char item[512];

    while (option_next(&text, item, sizeof(item), &fits)) {
        const char *key = item;
        size_t n = strcspn(key, "=");
        if (key[n] == 0 && strncmp(key, "no", 2) == 0 && has_word(specific, key + 2, n - 2)) {
            key += 2;
            n -= 2;
        }
        if (has_word(specific, key, n) && !has_word(accepted, key, n))
            return err_set(e, ERR_ARG, "device %s has no '%.*s'; it takes%s%s", driver, (int)n, key,
                           accepted[0] == ' ' ? "" : " ", accepted);
    }
    return 0;
}

int parts_parse_addr(const char *text, int *devfn, struct err *e)
{
    unsigned slot, function = 0;
    char end;
    int n;

    *devfn = -1;
    if (text[0] == 0)
        return 0;
    n = sscanf(text, "%x.%x%c", &slot, &function, &end);
    if ((n != 2 && !(n == 1 && !strchr(text, '.'))) || slot > 31 || function > 7)
        return err_set(e, ERR_ARG, "addr=%s is no PCI address; SLOT or SLOT.FUNCTION in hexadecimal is "
                       "accepted, up to 1f.7", text);
    *devfn = PCI_DEVFN(slot, function);
    return 0;
}

enum { ON_PCI, ON_PCI_TRANSITIONAL, ON_PCI_MODERN, ON_MMIO, ON_EITHER };
static const char *const transports[] = {
    [ON_PCI] = "-pci", [ON_PCI_TRANSITIONAL] = "-pci-transitional",
    [ON_PCI_MODERN] = "-pci-non-transitional", [ON_MMIO] = "-device", [ON_EITHER] = "",
};

/* What is booted from behind the device: a boot path's last part. */
static const char *boot_unit(const struct virtio *v)
{
    enum { BLOCK_DEVICE = 2 }; /* virtio 1.2, 5 */
    return v->ops->id == BLOCK_DEVICE ? "/disk@0,0" : "/ethernet-phy@0";
}

static int plug_pci(struct parts *p, const struct device_options *o, int transport, struct virtio *v,
                    const char *id, struct err *e)
{
    struct virtio_pci_options pci = {
        /* "auto" is off on a root bus, on behind a port (QEMU docs, "virtio-pci"): here is the root bus. */
        .disable_legacy = transport == ON_PCI_MODERN || o->disable_legacy == CHOSE_ON ||
                          (o->disable_legacy == CHOSE_AUTO && transport != ON_PCI_TRANSITIONAL &&
                           !virtio_pci_has_legacy(v->ops->id)),
        .disable_modern = o->disable_modern, .multifunction = o->multifunction,
        .iommu_platform = o->iommu_platform, .vectors = o->vectors,
    };
    char name[96], *rom;
    int r = parts_parse_addr(o->addr, &pci.devfn, e);

    if (r < 0)
        return r;
    if (o->bus[0] && strcmp(o->bus, "pcie.0") != 0)
        return err_set(e, ERR_ABSENT, "device %s: there is no bus '%s'; 'pcie.0' is there", o->driver,
                       o->bus);
    if (o->packed && o->disable_modern)
        return err_set(e, ERR_ARG, "device %s: packed=on needs the modern interface", o->driver);
    if ((transport == ON_PCI_TRANSITIONAL || transport == ON_PCI_MODERN) &&
        (o->disable_legacy != CHOSE_AUTO || o->disable_modern))
        return err_set(e, ERR_ARG, "device %s: the name says which interfaces there are; "
                       "disable-legacy and disable-modern go with %.*s-pci", o->driver,
                       (int)(strstr(o->driver, "-pci-") - o->driver), o->driver);
    snprintf(name, sizeof(name), "%s-pci", id);
    if ((r = parts_find_rom(p, o->romfile, &rom, e)) < 0)
        return r;
    pci.rom = rom;
    struct virtio_pci *made = virtio_pci_create(p->board->machine, name, v, p->at.pci, &pci, e);
    free(rom);
    return made ? parts_boot_pci(p, o->bootindex, virtio_pci_function(made), boot_unit(v), e) : e->code;
}

static int plug_mmio(struct parts *p, const struct device_options *o, int transport, struct virtio *v,
                     const char *id, struct err *e)
{
    int slot = -1;
    char end;

    (void)transport;
    if (!p->at.plug_mmio)
        return err_set(e, ERR_ABSENT, "device %s: this board has no virtio MMIO slots; names of "
                       "devices for its PCI bus end in -pci", o->driver);
    if (o->bus[0] && (sscanf(o->bus, "virtio-mmio-bus.%d%c", &slot, &end) != 1 || slot < 0))
        return err_set(e, ERR_ABSENT, "device %s: there is no bus '%s'; 'virtio-mmio-bus.0' and so on "
                       "are there", o->driver, o->bus);
    pa_t at;
    char path[BOOT_PATH_SIZE];
    int r = p->at.plug_mmio(p->at.slots, v, id, slot, &at, e);
    if (r < 0)
        return r;
    snprintf(path, sizeof(path), "/virtio-mmio@%016llx", (unsigned long long)at);
    return boot_order_add(&p->boot, o->bootindex, path, boot_unit(v), e);
}

static const struct device_kind {
    const char *name;
    int (*make)(struct parts *, const struct device_options *, const char *, struct virtio **,
                struct err *);
    const char *keys;
} kinds[] = {
    { "virtio-blk", make_blk, "drive serial num-queues bootindex" COMMON_KEYS },
    { "virtio-net", make_net, "netdev mac mq queues bootindex" COMMON_KEYS },
    { "virtio-rng", make_rng, "rng" COMMON_KEYS },
    { "virtio-keyboard", make_input, COMMON_KEYS },
    { "virtio-mouse", make_input, COMMON_KEYS },
    { "virtio-tablet", make_input, COMMON_KEYS },
    { "virtio-serial", make_serial, "max_ports cols rows emergency-write" COMMON_KEYS },
};

/* "virtio-blk-pci" is a kind and a transport; NULL when the name is neither's. */
static const struct device_kind *find_kind(const char *driver, int *transport)
{
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        size_t n = strlen(kinds[k].name);
        if (strncmp(driver, kinds[k].name, n) != 0)
            continue;
        for (*transport = 0; *transport < (int)ARRAY_LEN(transports); ++*transport)
            if (strcmp(driver + n, transports[*transport]) == 0)
                return &kinds[k];
    }
    return NULL;
}

static int no_device(const char *driver, struct err *e)
{
    const char *names[64];
    size_t n = 0;

    for (const struct board_device *d = parts_devices; d->name && n < ARRAY_LEN(names); d++)
        names[n++] = d->name;
    const char *near = err_nearest(driver, names, n);
    return err_set(e, ERR_ARG, "there is no device '%s' on this board%s%s%s; 'orrery list devices' "
                   "shows them", driver, near ? "; did you mean '" : "", near ? near : "",
                   near ? "'" : "");
}

static int add_virtio(struct parts *p, const struct device_options *o, const char *text, struct err *e)
{
    int transport, r;
    const struct device_kind *kind = find_kind(o->driver, &transport);
    char id[80], keys[256];
    struct virtio *v;

    if (!kind)
        return no_device(o->driver, e);
    if (transport == ON_EITHER)
        transport = p->at.pci ? ON_PCI : ON_MMIO;
    if (transport != ON_MMIO && !p->at.pci)
        return err_set(e, ERR_UNSUPPORTED, "device %s: this board has no PCI bus", o->driver);
    snprintf(keys, sizeof(keys), "%s%s", kind->keys, transport == ON_MMIO ? "" : PCI_KEYS);
    snprintf(id, sizeof(id), "%s", o->id);
    if (id[0] == 0)
        snprintf(id, sizeof(id), "%s%u", kind->name, p->n_devices);
    if ((r = check_keys(o->driver, keys, text, e)) < 0 || (r = kind->make(p, o, id, &v, e)) < 0)
        return r;
    virtio_offer(v, VIRTIO_F_RING_PACKED, o->packed);
    virtio_offer(v, VIRTIO_F_INDIRECT_DESC, o->indirect);
    virtio_offer(v, VIRTIO_F_EVENT_IDX, o->event_idx);
    p->n_devices++;
    return (transport == ON_MMIO ? plug_mmio : plug_pci)(p, o, transport, v, id, e);
}

static int add_testdev(struct parts *p, const struct device_options *o, struct err *e)
{
    char id[80];
    int devfn, r = parts_parse_addr(o->addr, &devfn, e);

    if (r < 0)
        return r;
    if (!p->at.pci)
        return err_set(e, ERR_UNSUPPORTED, "device pci-testdev: this board has no PCI bus");
    snprintf(id, sizeof(id), "%s", o->id);
    if (id[0] == 0)
        snprintf(id, sizeof(id), "pci-testdev%u", p->n_devices);
    p->n_devices++;
    return pci_testdev_create(p->board->machine, id, p->at.pci, devfn, e) ? 0 : e->code;
}

const struct parts_kind *parts_find_kind(const struct parts_kind *list, size_t n, const char *text)
{
    size_t length = strcspn(text, ",");

    for (size_t i = 0; i < n; i++)
        if (strlen(list[i].name) == length && strncmp(text, list[i].name, length) == 0)
            return &list[i];
    return NULL;
}

int parts_add_kind(struct parts *p, const struct parts_kind *kind, void *options, const char *id,
                   const char *text, struct err *e)
{
    char name[96];
    int r = option_read(kind->table, kind->n, options, text, "driver", e);

    snprintf(name, sizeof(name), "%s", id);
    if (name[0] == 0)
        snprintf(name, sizeof(name), "%s%u", kind->name, p->n_devices);
    p->n_devices++;
    if (r == 0)
        r = kind->add(p, options, name, e);
    return r < 0 ? err_context(e, "device '%s'", text) : 0;
}

int parts_add_device(struct parts *p, const char *text, struct err *e)
{
    static int (*const others[])(struct parts *, const char *, bool *, struct err *) = {
        parts_add_pci_device, parts_add_display, parts_add_isa,
    };
    struct device_options o = {
        .num_queues = 1, .max_ports = VIRTIO_CONSOLE_PORTS, .nr = -1, .indirect = true,
        .event_idx = true, .emergency_write = true, .bootindex = -1, .vectors = VIRTIO_PCI_VECTORS_AUTO,
    };
    bool found;
    int r;

    for (const struct board_device *d = parts_of_boards; d->name; d++) {
        size_t n = strlen(d->name);
        if (strncmp(text, d->name, n) != 0 || !strchr(",", text[n]))
            continue;
        if (p->at.built && strcmp(p->at.built, d->name) == 0)
            return 0;
        return err_set(e, ERR_UNSUPPORTED, "device '%s': this board has no place for one; %s", text, d->doc);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if ((r = others[i](p, text, &found, e)) < 0 || found)
            return r;
    if ((r = option_read(device_table, ARRAY_LEN(device_table), &o, text, "driver", e)) < 0) {
        (void)err_context(e, "device '%s'", text);
        return r;
    }
    if (strcmp(o.driver, "virtconsole") == 0 || strcmp(o.driver, "virtserialport") == 0)
        return (r = check_keys(o.driver, "chardev name nr", text, e)) < 0 ? r : add_port(p, &o, e);
    if (strcmp(o.driver, "pci-testdev") == 0)
        return (r = check_keys(o.driver, "addr", text, e)) < 0 ? r : add_testdev(p, &o, e);
    return add_virtio(p, &o, text, e);
}
