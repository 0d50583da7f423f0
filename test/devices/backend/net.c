/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/net.h"
#include "core/util/bytes.h"
#include "test/check_main.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct err e;
static struct machine *m;
static struct host *h;
static char log_path[] = "/tmp/orrery-net-XXXXXX";

/* A NIC that keeps the last frame it got. */
static struct {
    unsigned room, n, links;
    uint8_t frame[2048];
    size_t length;
    bool link;
} nic;

static bool nic_can_receive(void *arg)
{
    (void)arg;
    return nic.room != 0;
}

static void nic_receive(void *arg, const uint8_t *frame, size_t n)
{
    (void)arg;
    ck_assert_uint_ne(nic.room, 0);
    ck_assert_uint_le(n, sizeof(nic.frame));
    nic.room--;
    nic.n++;
    memcpy(nic.frame, frame, n);
    nic.length = n;
}

static void nic_link(void *arg, bool up)
{
    (void)arg;
    nic.links++;
    nic.link = up;
}

static const struct net_frontend frontend = { nic_can_receive, nic_receive, nic_link };

static void build(void)
{
    memset(&nic, 0, sizeof(nic));
    nic.room = 1000;
    ck_assert_int_eq(machine_create(&m, stderr, &e), 0);
    ck_assert_int_eq(host_create(&h, m, &e), 0);
}

static void setup(void)
{
    strcpy(log_path + sizeof(log_path) - 7, "XXXXXX");
    close(mkstemp(log_path));
    build();
}

static void teardown(void)
{
    host_destroy(h);
    machine_destroy(m);
    unlink(log_path);
}

static struct net_backend *open_net(const char *spec)
{
    struct net_backend *n;
    ck_assert_msg(net_open(&n, h, spec, &e) == 0, "%s", e.text);
    ck_assert_int_eq(net_attach(n, "nic", &frontend, NULL, &e), 0);
    return n;
}

static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

/* RFC 826: who has `target`? asked by 10.0.2.15 */
static void send_arp(struct net_backend *n, uint32_t target)
{
    uint8_t f[60] = { 0 };
    memset(f, 0xff, 6);
    memcpy(f + 6, mac, 6);
    st_be16(f + 12, 0x0806);
    st_be16(f + 14, 1);
    st_be16(f + 16, 0x0800);
    f[18] = 6;
    f[19] = 4;
    st_be16(f + 20, 1);
    memcpy(f + 22, mac, 6);
    st_be32(f + 28, 0x0a00020f);
    st_be32(f + 38, target);
    net_send(n, f, sizeof(f));
}

static void check_arp_reply(uint32_t sender)
{
    ck_assert_uint_ge(nic.n, 1);
    ck_assert_mem_eq(nic.frame, mac, 6);
    ck_assert_uint_eq(ld_be16(nic.frame + 12), 0x0806);
    ck_assert_uint_eq(ld_be16(nic.frame + 20), 2);
    ck_assert_uint_eq(ld_be32(nic.frame + 28), sender);
}

START_TEST(answers_come_in_host_poll)
{
    struct net_backend *n = open_net("user,id=n0");
    ck_assert_ptr_eq(net_find(h, "n0"), n);
    ev_run(m->queue, 5 * PS_PER_MS);
    send_arp(n, 0x0a000202);
    ck_assert_uint_eq(nic.n, 0);
    ck_assert(host_has_pending(h));
    host_poll(h, 0);
    check_arp_reply(0x0a000202);
    ck_assert_uint_eq(net_get_counters(n).sent, 1);
    ck_assert_uint_eq(net_get_counters(n).received, nic.n);
}
END_TEST

START_TEST(options_move_the_network)
{
    struct net_backend *n = open_net("user,id=n0,net=192.168.7.0/24,host=192.168.7.9,ipv6=off");
    uint32_t before = nic.n;
    send_arp(n, 0xc0a80709);
    host_poll(h, 0);
    ck_assert_uint_gt(nic.n, before);
    check_arp_reply(0xc0a80709);
}
END_TEST

START_TEST(frames_wait_for_the_nic)
{
    struct net_backend *n = open_net("user,id=n0,ipv6=off");
    nic.room = 1;
    for (int i = 0; i < 3; i++)
        send_arp(n, 0x0a000202);
    host_poll(h, 5);
    host_poll(h, 5);
    ck_assert_uint_eq(nic.n, 1);
    nic.room = 10;
    host_poll(h, 5);
    ck_assert_uint_eq(nic.n, 3);
    ck_assert_uint_eq(net_get_counters(n).dropped, 0);
}
END_TEST

START_TEST(link_is_an_input)
{
    struct net_backend *n = open_net("user,id=n0,ipv6=off");
    ck_assert_int_eq(net_set_link(n, false, &e), 0);
    ck_assert(net_link_is_up(n));
    host_poll(h, 0);
    ck_assert(!net_link_is_up(n));
    ck_assert_uint_eq(nic.links, 1);
    send_arp(n, 0x0a000202);
    host_poll(h, 5);
    ck_assert_uint_eq(nic.n, 0);
}
END_TEST

START_TEST(replay_needs_no_network)
{
    uint8_t frame[64];
    struct net_backend *n = open_net("user,id=n0,ipv6=off");
    ck_assert_int_eq(host_record(h, log_path, "m", &e), 0);
    ev_run(m->queue, 700);
    send_arp(n, 0x0a000202);
    host_poll(h, 0);
    check_arp_reply(0x0a000202);
    memcpy(frame, nic.frame, 42);
    host_destroy(h);
    machine_destroy(m);
    build();
    ck_assert_int_eq(host_replay(h, log_path, "m", &e), 0);
    n = open_net("user,id=n0,ipv6=off");
    ev_run(m->queue, 699);
    send_arp(n, 0x0a000202);
    ck_assert_uint_eq(nic.n, 0);
    ev_run(m->queue, 700);
    ck_assert_uint_eq(nic.n, 1);
    ck_assert_mem_eq(nic.frame, frame, 42);
}
END_TEST

/* A connection to the host's port arrives as a TCP SYN at the guest's. */
START_TEST(hostfwd_reaches_the_guest)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(a);
    char spec[120];
    int probe = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(probe, (struct sockaddr *)&a, sizeof(a)), 0);
    ck_assert_int_eq(getsockname(probe, (struct sockaddr *)&a, &length), 0);
    close(probe);
    snprintf(spec, sizeof(spec), "user,id=n0,ipv6=off,hostfwd=tcp:127.0.0.1:%d-:22", ntohs(a.sin_port));
    struct net_backend *n = open_net(spec);
    send_arp(n, 0x0a000202); /* makes the guest's MAC known */
    connect(fd, (struct sockaddr *)&a, sizeof(a));
    for (int i = 0; i < 20 && !(nic.length >= 54 && ld_be16(nic.frame + 12) == 0x0800); i++) {
        ev_run(m->queue, ev_now(m->queue) + 10 * PS_PER_MS);
        host_poll(h, 5);
    }
    ck_assert_uint_eq(ld_be16(nic.frame + 12), 0x0800);
    ck_assert_uint_eq(nic.frame[23], 6);                      /* TCP */
    ck_assert_uint_eq(ld_be32(nic.frame + 30), 0x0a00020f);   /* to 10.0.2.15 */
    ck_assert_uint_eq(ld_be16(nic.frame + 36), 22);
    ck_assert_uint_eq(nic.frame[47] & 0x12, 0x02);            /* SYN, not ACK */
    close(fd);
}
END_TEST

START_TEST(sockets_carry_frames)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(a);
    uint8_t raw[64];
    char spec[80];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    getsockname(listener, (struct sockaddr *)&a, &length);
    snprintf(spec, sizeof(spec), "socket,id=n0,connect=127.0.0.1:%d", ntohs(a.sin_port));
    struct net_backend *n = open_net(spec);
    int fd = accept(listener, NULL, NULL);
    send_arp(n, 0x0a000202);
    ck_assert_int_eq(recv(fd, raw, sizeof(raw), MSG_WAITALL), 64);
    ck_assert_uint_eq(ld_be32(raw), 60);
    ck_assert_int_eq(send(fd, raw, 10, 0), 10); /* in two pieces */
    host_poll(h, 20);
    ck_assert_uint_eq(nic.n, 0);
    ck_assert_int_eq(send(fd, raw + 10, 54, 0), 54);
    host_poll(h, 20);
    ck_assert_uint_eq(nic.n, 1);
    ck_assert_uint_eq(nic.length, 60);
    st_be32(raw, 0xffffffff); /* no frame is that long */
    ck_assert_int_eq(send(fd, raw, 64, 0), 64);
    host_poll(h, 20);
    ck_assert_int_eq(recv(fd, raw, sizeof(raw), 0), 0);
    close(fd);
    close(listener);
}
END_TEST

static const struct { const char *spec; int rc; const char *text; } refused[] = {
    { "user", ERR_ARG, "id=" },
    { "tap,id=n", ERR_UNSUPPORTED, "accepted are user, socket and none" },
    { "user,id=n,guestfwd=tcp:1.2.3.4:5-cmd:ls", ERR_UNSUPPORTED, "hostfwd" },
    { "user,id=n,hostfwd=tcp::x-:22", ERR_ARG, "tcp|udp:" },
    { "user,id=n,hostfwd=tcp::22", ERR_ARG, "tcp|udp:" },
    { "user,id=n,hostfwd=sctp::1-:2", ERR_ARG, "tcp|udp:" },
    { "user,id=n,hostfw=tcp::1-:2", ERR_ARG, "did you mean \"hostfwd\"" },
    { "user,id=n,net=10.0.2.0/40", ERR_ARG, "4 to 28" },
    { "user,id=n,host=11.0.0.1", ERR_ARG, "not in the network" },
    { "user,id=n,dns=10.0.2.2", ERR_ARG, "must differ" },
    { "socket,id=n", ERR_ARG, "exactly one" },
    { "socket,id=n,udp=127.0.0.1:9", ERR_ARG, "localaddr" },
};
START_TEST(what_is_refused_says_why)
{
    struct net_backend *n;
    int rc = net_open(&n, h, refused[_i].spec, &e);
    ck_assert_msg(rc == refused[_i].rc, "%s: %d", refused[_i].spec, rc);
    ck_assert_msg(strstr(e.text, refused[_i].text) != NULL, "%s", e.text);
}
END_TEST

START_TEST(one_nic_each)
{
    struct net_backend *n = open_net("none");
    ck_assert_int_eq(net_attach(n, "other", &frontend, NULL, &e), ERR_ARG);
    send_arp(n, 1);
    net_send(NULL, "", 0);
    net_send(n, "short", 5);
    ck_assert_uint_eq(net_get_counters(n).dropped, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("net");
    TCase *c = tcase_create("backends");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, answers_come_in_host_poll);
    tcase_add_test(c, options_move_the_network);
    tcase_add_test(c, frames_wait_for_the_nic);
    tcase_add_test(c, link_is_an_input);
    tcase_add_test(c, replay_needs_no_network);
    tcase_add_test(c, hostfwd_reaches_the_guest);
    tcase_add_test(c, sockets_carry_frames);
    tcase_add_loop_test(c, what_is_refused_says_why, 0, ARRAY_LEN(refused));
    tcase_add_test(c, one_nic_each);
    suite_add_tcase(s, c);
    return s;
}
