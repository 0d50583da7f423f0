/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/char.h"
#include "test/check_main.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static struct err e;
static struct machine *m;
static struct host *h;
static FILE *log_file;

/* A front end with a FIFO of `room` bytes. */
struct front {
    size_t room;
    char got[256], events[16];
};

static size_t front_can_receive(void *arg)
{
    return ((struct front *)arg)->room;
}

static void front_receive(void *arg, const uint8_t *bytes, size_t n)
{
    struct front *f = arg;
    ck_assert_uint_ge(n, 1);
    ck_assert_uint_le(n, f->room);
    f->room -= n;
    strncat(f->got, (const char *)bytes, n);
}

static void front_event(void *arg, enum char_event event)
{
    struct front *f = arg;
    f->events[strlen(f->events)] = (char)('0' + event);
}

static const struct char_frontend frontend = { front_can_receive, front_receive, front_event, false };
static struct front uart, monitor;

static void setup(void)
{
    memset(&uart, 0, sizeof(uart));
    memset(&monitor, 0, sizeof(monitor));
    uart.room = monitor.room = 100;
    log_file = tmpfile();
    ck_assert_int_eq(machine_create(&m, log_file, &e), 0);
    ck_assert_int_eq(host_create(&h, m, &e), 0);
}

static void teardown(void)
{
    host_destroy(h);
    machine_destroy(m);
    fclose(log_file);
}

static struct char_backend *open_spec(const char *id, const char *spec)
{
    struct char_options o;
    struct char_backend *c;
    ck_assert_msg(char_parse_serial(&o, id, spec, &e) == 0, "%s", e.text);
    ck_assert_msg(char_open(&c, h, &o, &e) == 0, "%s", e.text);
    return c;
}

static struct char_port *attach(struct char_backend *c, const char *name, struct front *f)
{
    struct char_port *p;
    ck_assert_msg(char_attach(c, name, &frontend, f, &p, &e) == 0, "%s", e.text);
    return p;
}

/* One end as fd:N, the other returned. */
static int socket_pair(struct char_backend **c, const char *prefix)
{
    int fds[2];
    char spec[40];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    snprintf(spec, sizeof(spec), "%sfd:%d", prefix, fds[0]);
    *c = open_spec("s0", spec);
    return fds[1];
}

static void poll_some(void)
{
    for (int i = 0; i < 4; i++)
        host_poll(h, 5);
}

START_TEST(input_waits_for_can_receive)
{
    struct char_backend *c;
    int fd = socket_pair(&c, "");
    attach(c, "uart", &uart);
    uart.room = 4;
    ck_assert_int_eq(write(fd, "abcdefghij", 10), 10);
    poll_some();
    ck_assert_str_eq(uart.events, "1"); /* opened */
    ck_assert_str_eq(uart.got, "abcd");
    uart.room = 3;
    poll_some();
    ck_assert_str_eq(uart.got, "abcdefg");
    uart.room = 100;
    poll_some();
    ck_assert_str_eq(uart.got, "abcdefghij");
    close(fd);
    poll_some();
    ck_assert_str_eq(uart.events, "12"); /* closed */
}
END_TEST

START_TEST(output_arrives_and_never_blocks)
{
    struct char_backend *c;
    static char block[65536];
    char text[16];
    int fd = socket_pair(&c, "");
    struct char_port *p = attach(c, "uart", &uart);
    char_write(NULL, "x", 1);
    char_write(p, "hello\n", 6);
    ck_assert_int_eq(read(fd, text, sizeof(text)), 6);
    ck_assert_mem_eq(text, "hello\n", 6);
    for (int i = 0; i < 200; i++) /* 12.5 MiB to somebody who does not read: one second at most */
        char_write(p, block, sizeof(block));
    ck_assert_uint_gt(char_dropped(c), 0);
    ck_assert_uint_lt(char_dropped(c), 12 << 20);
}
END_TEST

START_TEST(multiplexer_obeys_the_escape_key)
{
    struct char_backend *c;
    struct char_port *p;
    char text[400] = "";
    int fd = socket_pair(&c, "mon:");
    attach(c, "uart", &uart);
    attach(c, "monitor", &monitor);
    ck_assert_int_eq(write(fd, "a\1cm\1b\1c\1\1b\1b\1h", 15), 15);
    poll_some();
    ck_assert_str_eq(uart.got, "a\1b");
    ck_assert_str_eq(monitor.got, "m");
    ck_assert_str_eq(uart.events, "13"); /* opened, break */
    ck_assert_str_eq(monitor.events, "13");
    ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
    ck_assert_ptr_nonnull(strstr(text, "C-a x"));
    ck_assert_int_eq(m->stop, MACHINE_RUNS);
    uart.room = 0; /* a guest that takes nothing can still be left */
    ck_assert_int_eq(char_set_escape(h, 20, &e), 0);
    ck_assert_int_eq(char_set_escape(h, 27, &e), ERR_ARG);
    ck_assert_int_eq(write(fd, "x\1x\24x", 5), 5);
    poll_some();
    ck_assert_int_eq(m->stop, MACHINE_QUIT);
    ck_assert_int_eq(char_attach(c, "uart", &frontend, &uart, &p, &e), ERR_ARG);
}
END_TEST

START_TEST(only_a_multiplexer_is_shared)
{
    struct char_port *p;
    struct char_backend *c = open_spec("n", "null");
    attach(c, "uart", &uart);
    ck_assert_int_eq(char_attach(c, "other", &frontend, &monitor, &p, &e), ERR_ARG);
    ck_assert_ptr_nonnull(strstr(e.text, "mux=on"));
    ck_assert_ptr_eq(open_spec("ref", "chardev:n"), c);
}
END_TEST

static int dial(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

START_TEST(server_takes_one_client_after_another)
{
    char spec[120], path[64], text[8];
    snprintf(path, sizeof(path), "/tmp/orrery-char-%d", (int)getpid());
    snprintf(spec, sizeof(spec), "unix:%s,server=on,wait=off", path);
    struct char_backend *c = open_spec("s", spec);
    struct char_port *p = attach(c, "uart", &uart);
    char_write(p, "lost\n", 5);
    ck_assert_uint_eq(char_dropped(c), 5);
    for (int i = 0; i < 2; i++) {
        int fd = dial(path);
        ck_assert_int_eq(write(fd, "in", 2), 2);
        poll_some();
        char_write(p, "out\n", 4);
        ck_assert_int_eq(read(fd, text, sizeof(text)), 4);
        close(fd);
        poll_some();
    }
    ck_assert_str_eq(uart.got, "inin");
    ck_assert_str_eq(uart.events, "1212");
    host_destroy(h);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(host_create(&h, m, &e), ERR_ARG); /* the machine knows its parts by name */
}
END_TEST

START_TEST(pty_comes_and_goes)
{
    struct char_backend *c = open_spec("s", "pty");
    struct char_port *p = attach(c, "uart", &uart);
    char text[8];
    poll_some();
    ck_assert_str_eq(uart.events, "");
    int fd = open(char_address(c), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "in\r", 3), 3);
    poll_some();
    ck_assert_str_eq(uart.events, "1");
    ck_assert_str_eq(uart.got, "in\r");
    char_write(p, "out\n", 4);
    ck_assert_int_eq(read(fd, text, sizeof(text)), 4);
    close(fd);
    poll_some();
    ck_assert_str_eq(uart.events, "12");
}
END_TEST

START_TEST(files_and_logs_hold_the_output)
{
    char path[64], spec[200], text[32] = "";
    struct char_options o;
    struct char_backend *c;
    snprintf(path, sizeof(path), "/tmp/orrery-char-%d", (int)getpid());
    snprintf(spec, sizeof(spec), "file,id=f,path=%s,logfile=%s.log", path, path);
    ck_assert_int_eq(char_parse_chardev(&o, spec, &e), 0);
    ck_assert_int_eq(char_open(&c, h, &o, &e), 0);
    ck_assert_ptr_eq(char_find(h, "f"), c);
    struct char_port *p = attach(c, "uart", &uart);
    char_write(p, "no newline", 10);
    host_destroy(h); /* flushes */
    h = NULL;
    for (int i = 0; i < 2; i++) {
        int fd = open(path, O_RDONLY);
        ck_assert_int_eq(read(fd, text, sizeof(text)), 10);
        ck_assert_str_eq(text, "no newline");
        close(fd);
        unlink(path);
        strcat(path, ".log");
    }
}
END_TEST

/* Options as QEMU spells them. */
static const struct { const char *spec; int rc; enum char_kind kind; const char *detail; } specs[] = {
    { "null", 0, CHAR_NULL, "" },
    { "none", 0, CHAR_NONE, "" },
    { "stdio", 0, CHAR_STDIO, "" },
    { "file:/a,b", 0, CHAR_FILE, "/a,b" },
    { "unix:/tmp/s,server=on,wait=off", 0, CHAR_UNIX, "/tmp/s" },
    { "unix:/tmp/s,server,nowait", 0, CHAR_UNIX, "/tmp/s" },
    { "tcp:localhost:4444,server,nowait", 0, CHAR_TCP, "localhost" },
    { "tcp:[::1]:4444", 0, CHAR_TCP, "::1" },
    { "tcp::4444,server=on", 0, CHAR_TCP, "" },
    { "tcp:4444", ERR_ARG, 0, "tcp:HOST:PORT" },
    { "unix:", ERR_ARG, 0, "accepted are" },
    { "unix:/s,serve=on", ERR_ARG, 0, "did you mean \"server\"" },
    { "unix:/s,server=maybe", ERR_ARG, 0, "on or off" },
    { "telnet:localhost:1", ERR_UNSUPPORTED, 0, "accepted are" },
    { "tcp:a:1,telnet=on", ERR_UNSUPPORTED, 0, "telnet" },
    { "vc", ERR_UNSUPPORTED, 0, "accepted are" },
    { "nonsense", ERR_ARG, 0, "accepted are" },
    { "fd:x", ERR_ARG, 0, "fd:N" },
};
START_TEST(serial_options)
{
    struct char_options o;
    int rc = char_parse_serial(&o, "s", specs[_i].spec, &e);
    ck_assert_msg(rc == specs[_i].rc, "%s: %d %s", specs[_i].spec, rc, rc ? e.text : "");
    if (rc < 0) {
        ck_assert_msg(strstr(e.text, specs[_i].detail) != NULL, "%s", e.text);
        return;
    }
    ck_assert_int_eq(o.kind, specs[_i].kind);
    ck_assert_str_eq(o.kind == CHAR_TCP ? o.host : o.path, specs[_i].detail);
    ck_assert(!o.wait || strcmp(specs[_i].spec, "tcp::4444,server=on") == 0);
}
END_TEST

START_TEST(monitor_and_mux_options)
{
    struct char_options o;
    ck_assert_int_eq(char_parse_serial(&o, "s", "mon:stdio", &e), 0);
    ck_assert(o.mux && o.monitor && !o.signal && o.kind == CHAR_STDIO);
    ck_assert_int_eq(char_parse_chardev(&o, "stdio,id=c,mux=on,signal=off", &e), 0);
    ck_assert(o.mux && !o.monitor && !o.signal);
    ck_assert_int_eq(char_parse_chardev(&o, "socket,id=c,host=h,port=1,server=on,wait=off", &e), 0);
    ck_assert(o.kind == CHAR_TCP && o.server && !o.wait);
    ck_assert_int_eq(char_parse_chardev(&o, "socket,id=c", &e), ERR_ARG);
    ck_assert_int_eq(char_parse_chardev(&o, "stdio", &e), ERR_ARG);
    ck_assert_int_eq(char_parse_chardev(&o, "spicevmc,id=c", &e), ERR_ARG);
}
END_TEST

/* Standard input is a terminal in a child: raw while open, as before afterwards. */
START_TEST(terminal_is_raw_and_restored)
{
    struct termios before, during, after;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    dup2(slave, STDIN_FILENO);
    tcgetattr(slave, &before);
    open_spec("s", "mon:stdio");
    tcgetattr(slave, &during);
    ck_assert_uint_eq(during.c_lflag & (ICANON | ECHO | ISIG), 0);
    host_destroy(h);
    h = NULL;
    tcgetattr(slave, &after);
    ck_assert_uint_eq(after.c_lflag, before.c_lflag);
    ck_assert_uint_eq(after.c_iflag, before.c_iflag);
    close(master);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("char");
    TCase *c = tcase_create("backends");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 20);
    tcase_add_test(c, input_waits_for_can_receive);
    tcase_add_test(c, output_arrives_and_never_blocks);
    tcase_add_test(c, multiplexer_obeys_the_escape_key);
    tcase_add_test(c, only_a_multiplexer_is_shared);
    tcase_add_test(c, server_takes_one_client_after_another);
    tcase_add_test(c, pty_comes_and_goes);
    tcase_add_test(c, files_and_logs_hold_the_output);
    tcase_add_loop_test(c, serial_options, 0, ARRAY_LEN(specs));
    tcase_add_test(c, monitor_and_mux_options);
    tcase_add_test(c, terminal_is_raw_and_restored);
    suite_add_tcase(s, c);
    return s;
}
