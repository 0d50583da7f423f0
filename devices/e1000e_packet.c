/* SPDX-License-Identifier: Apache-2.0 */
/* Frames taken apart: IP and what it carries, checksums, the RSS hash (7.1.11). */
#include "devices/e1000e_impl.h"

enum { ETHER = 14, VLAN_TAG = 4, TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

uint32_t e1000e_fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

uint32_t e1000e_sum(const uint8_t *bytes, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i + 1 < n; i += 2)
        sum += ld_be16(bytes + i);
    if (n % 2)
        sum += (uint32_t)bytes[n - 1] << 8;
    return e1000e_fold((uint32_t)(sum & 0xffff) + e1000e_fold((uint32_t)(sum >> 16)));
}

static void parse_transport(struct e1000e_packet *p, const uint8_t *frame, uint8_t protocol)
{
    if (p->fragment)
        return;
    if (protocol == PROTOCOL_TCP && p->end - p->l4 >= 20) {
        uint32_t header = (frame[p->l4 + 12] >> 4) * 4u;
        p->tcp = header >= 20 && header <= p->end - p->l4;
        p->payload = p->l4 + header;
    } else if (protocol == PROTOCOL_UDP && p->end - p->l4 >= 8) {
        p->udp = true;
        p->payload = p->l4 + 8;
    }
}

static void parse_ipv4(struct e1000e_packet *p, const uint8_t *frame, uint32_t length)
{
    const uint8_t *ip = frame + p->l3;

    if (length - p->l3 < 20 || ip[0] >> 4 != 4)
        return;
    uint32_t header = (ip[0] & 15) * 4u, total = ld_be16(ip + 2);
    if (header < 20 || total < header || total > length - p->l3)
        return;
    p->ipv4 = true;
    p->l4 = p->l3 + header;
    p->end = p->l3 + total;
    p->payload = p->l4;
    p->fragment = ld_be16(ip + 6) & 0x3fff;
    parse_transport(p, frame, ip[9]);
}

static void parse_ipv6(struct e1000e_packet *p, const uint8_t *frame, uint32_t length)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60, MOST = 8 };
    const uint8_t *ip = frame + p->l3;

    if (length - p->l3 < 40 || ip[0] >> 4 != 6 || ld_be16(ip + 4) > length - p->l3 - 40u)
        return;
    p->ipv6 = true;
    p->l4 = p->l3 + 40;
    p->end = p->l4 + ld_be16(ip + 4);
    uint8_t next = ip[6];
    for (unsigned i = 0; i < MOST; i++) {
        if (next != HOP_BY_HOP && next != ROUTING && next != FRAGMENT && next != DESTINATION)
            break;
        if (p->end - p->l4 < 8)
            return;
        const uint8_t *x = frame + p->l4;
        uint32_t bytes = next == FRAGMENT ? 8 : (x[1] + 1u) * 8;
        p->extensions = true;
        p->fragment |= next == FRAGMENT;
        if (bytes > p->end - p->l4)
            return;
        next = x[0];
        p->l4 += bytes;
    }
    p->payload = p->l4;
    parse_transport(p, frame, next);
}

void e1000e_parse(struct e1000e_packet *p, const uint8_t *frame, size_t length)
{
    uint32_t n = (uint32_t)length, type;

    *p = (struct e1000e_packet){ 0 };
    if (n < ETHER)
        return;
    type = ld_be16(frame + 12);
    p->l3 = ETHER;
    if (type == TYPE_VLAN && n >= ETHER + VLAN_TAG) {
        type = ld_be16(frame + 16);
        p->l3 += VLAN_TAG;
    }
    if (type == TYPE_IPV4)
        parse_ipv4(p, frame, n);
    else if (type == TYPE_IPV6)
        parse_ipv6(p, frame, n);
}

uint32_t e1000e_pseudo(const struct e1000e_packet *p, const uint8_t *frame)
{
    uint32_t sum = (p->tcp ? PROTOCOL_TCP : PROTOCOL_UDP) + (p->end - p->l4);

    sum += p->ipv4 ? e1000e_sum(frame + p->l3 + 12, 8) : e1000e_sum(frame + p->l3 + 8, 32);
    return e1000e_fold(sum);
}

/* Bit i of the input, if set, adds key bits i .. i + 31. */
static uint32_t toeplitz(const uint8_t key[40], const uint8_t *input, size_t n)
{
    uint32_t hash = 0, window = ld_be32(key);

    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            if (input[i] & 0x80 >> bit)
                hash ^= window;
            window = window << 1 | (key[i + 4] >> (7 - bit) & 1);
        }
    return hash;
}

/* MRQC 20:16 says of what a hash is made; the ports are there in TCP only. */
uint32_t e1000e_hash(const uint8_t key[40], uint32_t mrqc, const struct e1000e_packet *p,
                     const uint8_t *frame, uint32_t *type)
{
    enum { TCP_IPV4 = 1 << 16, IPV4 = 1 << 17, TCP_IPV6 = 1 << 18, IPV6_EX = 1 << 19,
           IPV6 = 1 << 20 };
    enum { TYPE_TCP_V4 = 1, TYPE_V4 = 2, TYPE_TCP_V6 = 3, TYPE_V6_EX = 4, TYPE_V6 = 5 };
    uint8_t input[36];
    uint32_t n = 0;
    bool ports = false;

    *type = 0;
    if (p->ipv4) {
        n = 8;
        memcpy(input, frame + p->l3 + 12, n);
        ports = p->tcp && (mrqc & TCP_IPV4);
        *type = ports ? TYPE_TCP_V4 : mrqc & IPV4 ? TYPE_V4 : 0;
    } else if (p->ipv6) {
        n = 32;
        memcpy(input, frame + p->l3 + 8, n);
        ports = p->tcp && (mrqc & TCP_IPV6);
        *type = ports                                    ? TYPE_TCP_V6
                : p->extensions && (mrqc & IPV6_EX)      ? TYPE_V6_EX
                : !p->extensions && (mrqc & IPV6)        ? TYPE_V6
                                                         : 0;
    }
    if (*type == 0)
        return 0;
    if (ports) {
        memcpy(input + n, frame + p->l4, 4);
        n += 4;
    }
    return toeplitz(key, input, n);
}
