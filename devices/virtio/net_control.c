/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio network device: control queue, receive filter and steering (5.1.6.5). A command is
 * {class, command, data...} for the device to read and one byte of answer to write.
 */
#include "devices/virtio/net_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include <string.h>

enum { CLASS_RX = 0, CLASS_MAC = 1, CLASS_VLAN = 2, CLASS_MQ = 4 };
enum { RX_PROMISC, RX_ALLMULTI, RX_ALLUNI, RX_NOMULTI, RX_NOUNI, RX_NOBCAST, RX_MODES };
enum { MAC_TABLE_SET = 0, MAC_ADDR_SET = 1 };
enum { VLAN_ADD = 0, VLAN_DEL = 1 };
enum { ACK_OK = 0, ACK_ERR = 1 };
enum { DATA = 2, ETHERTYPE = 12, VLAN_TAG = 14, TYPE_VLAN = 0x8100, TYPE_IPV4 = 0x0800,
       TYPE_IPV6 = 0x86dd };

const struct state_field net_filter_state[] = {
    STATE(net_filter, vlans), STATE(net_filter, n_unicast), STATE(net_filter, n_multicast),
    STATE(net_filter, table), STATE(net_filter, mac), STATE(net_filter, mode),
    STATE(net_filter, all_unicast), STATE(net_filter, all_multicast), STATE(net_filter, max_pairs),
    STATE(net_filter, pairs), STATE(net_filter, flow), STATE_END
};

void net_filter_reset(struct net_filter *f, const uint8_t mac[6])
{
    *f = (struct net_filter){ .mode = { [RX_PROMISC] = 1 }, .max_pairs = f->max_pairs, .pairs = 1 };
    memcpy(f->mac, mac, 6);
}

static bool in_table(const struct net_filter *f, uint32_t from, uint32_t n, const uint8_t *mac)
{
    for (uint32_t i = from; i < MIN(from + n, (uint32_t)NET_TABLE); i++)
        if (memcmp(f->table[i], mac, 6) == 0)
            return true;
    return false;
}

bool net_filter_passes(const struct virtio *v, const struct net_filter *f, const uint8_t *frame,
                       size_t n)
{
    static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (f->mode[RX_PROMISC])
        return true;
    if (virtio_has(v, NET_F_CTRL_VLAN) && n >= VLAN_TAG + 2 && ld_be16(frame + ETHERTYPE) == TYPE_VLAN) {
        uint16_t id = ld_be16(frame + VLAN_TAG) & 0xfff;
        if (!(f->vlans[id / 64] >> id % 64 & 1))
            return false;
    }
    if (memcmp(frame, broadcast, 6) == 0)
        return !f->mode[RX_NOBCAST];
    if (frame[0] & 1)
        return !f->mode[RX_NOMULTI] && (f->mode[RX_ALLMULTI] || f->all_multicast ||
                                        in_table(f, f->n_unicast, f->n_multicast, frame));
    return !f->mode[RX_NOUNI] && (f->mode[RX_ALLUNI] || f->all_unicast ||
                                  memcmp(frame, f->mac, 6) == 0 ||
                                  in_table(f, 0, f->n_unicast, frame));
}

uint32_t net_flow(const uint8_t *frame, size_t n)
{
    size_t at = ETHERTYPE, header;
    uint64_t sum = 0; /* of both ends: the order does not matter */
    uint8_t protocol;

    if (n >= VLAN_TAG + 4 && ld_be16(frame + at) == TYPE_VLAN)
        at += 4;
    uint16_t type = ld_be16(frame + at);
    at += 2;
    if (type == TYPE_IPV4 && n >= at + 20) {
        sum = (uint64_t)ld_be32(frame + at + 12) + ld_be32(frame + at + 16);
        protocol = ld_be16(frame + at + 6) & 0x3fff ? 0 : frame[at + 9]; /* a fragment has no ports */
        header = 4u * (frame[at] & 15);
    } else if (type == TYPE_IPV6 && n >= at + 40) {
        for (size_t i = 8; i < 40; i += 8)
            sum += ld_be64(frame + at + i);
        protocol = frame[at + 6];
        header = 40;
    } else {
        return 0;
    }
    if ((protocol == 6 || protocol == 17) && n >= at + header + 4)
        sum += (uint64_t)ld_be16(frame + at + header) + ld_be16(frame + at + header + 2);
    return hash_mix(sum + protocol) % NET_FLOWS;
}

/* One list of the table: le32 entries, then the addresses. False if the command is cut short. */
static bool take_list(struct virtio *v, const struct virtio_chain *c, uint64_t *at, uint8_t table[][6],
                      uint32_t room, uint32_t *n, uint8_t *overflow)
{
    uint8_t count[4];
    uint32_t entries;

    if (*at > c->read_bytes || virtio_copy_from(v, c, (uint32_t)*at, count, 4) != 4)
        return false;
    entries = ld_le32(count);
    *at += 4;
    if (entries > (c->read_bytes - *at) / 6)
        return false;
    *overflow = entries > room;
    *n = *overflow ? 0 : entries;
    if (virtio_copy_from(v, c, (uint32_t)*at, table, 6 * *n) != 6 * *n)
        return false;
    *at += 6ull * entries;
    return true;
}

static bool set_table(struct virtio *v, struct net_filter *f, const struct virtio_chain *c)
{
    struct net_filter new = *f; /* taken whole or not at all */
    uint64_t at = DATA;

    if (!take_list(v, c, &at, new.table, NET_TABLE, &new.n_unicast, &new.all_unicast) ||
        !take_list(v, c, &at, new.table + new.n_unicast, NET_TABLE - new.n_unicast, &new.n_multicast,
                   &new.all_multicast))
        return false;
    *f = new;
    return true;
}

static bool command(struct virtio *v, struct net_filter *f, const struct virtio_chain *c)
{
    uint8_t b[8] = { 0 };
    uint32_t n = virtio_copy_from(v, c, 0, b, sizeof(b));

    if (n < DATA)
        return false;
    n -= DATA;
    switch (b[0]) {
    case CLASS_RX:
        if (b[1] >= RX_MODES || n < 1 ||
            !virtio_has(v, b[1] < RX_ALLUNI ? NET_F_CTRL_RX : NET_F_CTRL_RX_EXTRA))
            return false;
        f->mode[b[1]] = b[DATA] != 0;
        return true;
    case CLASS_MAC:
        if (b[1] == MAC_TABLE_SET && virtio_has(v, NET_F_CTRL_RX))
            return set_table(v, f, c);
        if (b[1] != MAC_ADDR_SET || n < 6 || !virtio_has(v, NET_F_CTRL_MAC_ADDR))
            return false;
        memcpy(f->mac, b + DATA, 6);
        return true;
    case CLASS_VLAN:
        if (b[1] > VLAN_DEL || n < 2 || ld_le16(b + DATA) > 0xfff || !virtio_has(v, NET_F_CTRL_VLAN))
            return false;
        uint64_t *word = &f->vlans[ld_le16(b + DATA) / 64], bit = BIT(ld_le16(b + DATA) % 64);
        *word = b[1] == VLAN_ADD ? *word | bit : *word & ~bit;
        return true;
    case CLASS_MQ: /* VQ_PAIRS_SET */
        if (b[1] != 0 || n < 2 || ld_le16(b + DATA) < 1 || ld_le16(b + DATA) > f->max_pairs ||
            !virtio_has(v, NET_F_MQ))
            return false;
        f->pairs = (uint8_t)ld_le16(b + DATA);
        return true;
    default:
        return false;
    }
}

void net_control(struct virtio *v, struct net_filter *f, uint32_t queue)
{
    struct virtio_chain c;

    for (uint32_t left = v->queue[queue].size; left && virtio_pop(v, queue, &c); left--) {
        if (c.read_bytes < DATA || c.write_bytes < 1) {
            virtio_break(v, "control command without class, command or room for the answer");
            return;
        }
        uint8_t ack = command(v, f, &c) ? ACK_OK : ACK_ERR;
        if (virtio_copy_to(v, &c, 0, &ack, 1) == 1)
            virtio_push(v, queue, c.head, 1);
    }
    virtio_signal(v, queue);
}
