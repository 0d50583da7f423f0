/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What more CPUs bring. Each of a few machines does the same work again and again, and is stopped whenever it has done it
 * once more: so they take turns of a second or two, and the host's drift hits all alike. Beside the machine with all CPUs as many
 * machines of one CPU at once show what the host can give to what shares nothing.
 */
#include "tools/orrery/bench.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MACHINES_MAX 16

struct machine {
    pid_t pid;
    int from, output;        /* what it prints, and where that is kept */
    struct bench_stopwatch watch;
};

/* It has done its work once more, and stands. False: it is not there any more. */
static bool halt(struct machine *m)
{
    int status;

    if (kill(m->pid, SIGSTOP) != 0 || waitpid(m->pid, &status, WUNTRACED) != m->pid)
        return false;
    if (!WIFSTOPPED(status))
        m->pid = -1;
    return WIFSTOPPED(status);
}

/* What it has printed; false: it has ended. */
static bool listen_to(struct machine *m)
{
    char text[4096];
    ssize_t n = read(m->from, text, sizeof(text));

    if (n <= 0 || write(m->output, text, (size_t)n) != n)
        return false;
    bench_watch(&m->watch, text, (size_t)n, bench_seconds(0, false));
    return m->watch.stop <= 0 || halt(m);
}

/* All of them do their work once, at the same time. Seconds until the last one has, or -1. */
static double run_once(struct machine *m, unsigned n)
{
    struct pollfd fds[MACHINES_MAX];
    double start = bench_seconds(0, false);
    unsigned left = n;

    for (unsigned i = 0; i < n; i++) {
        m[i].watch = (struct bench_stopwatch){ .end = BENCH_NEXT, .started = true };
        fds[i] = (struct pollfd){ .fd = m[i].from, .events = POLLIN };
        if (kill(m[i].pid, SIGCONT) != 0)
            return -1;
    }
    while (left > 0) {
        if (poll(fds, n, -1) < 0)
            return -1;
        for (unsigned i = 0; i < n; i++) {
            if (fds[i].fd < 0 || !fds[i].revents)
                continue;
            if (!listen_to(&m[i]))
                return -1;
            if (m[i].watch.stop > 0) {
                fds[i].fd = -1;
                left--;
            }
        }
    }
    return bench_seconds(0, false) - start;
}

/* In the order one, all, many, or the other way round. m[0] to m[n - 1] have one CPU, m[n] has n. */
static bool take_turn(struct machine *m, unsigned n, bool backwards, struct bench_scaling *s)
{
    enum { ONE, ALL, MANY };
    double seconds[3] = { 0 };

    for (unsigned i = 0; i < 3; i++) {
        unsigned which = backwards ? 2 - i : i;
        seconds[which] = which == ALL ? run_once(&m[n], 1) : run_once(m, which == MANY ? n : 1);
        if (seconds[which] <= 0)
            return false;
    }
    s->cpus[s->n] = seconds[ONE] / seconds[ALL];
    s->host[s->n] = n * seconds[ONE] / seconds[MANY];
    s->part[s->n] = seconds[MANY] / (n * seconds[ALL]);
    s->n++;
    return true;
}

static bool start_machine(const struct bench *b, const struct bench_job *j, unsigned cpus, const char *output, struct machine *m)
{
    struct bench_job work = *j;

    work.append = j->repeat;
    m->output = open(output, O_WRONLY | O_APPEND | O_CLOEXEC);
    m->pid = m->output >= 0 ? bench_start(b, &work, cpus, &m->from) : -1;
    return m->pid > 0;
}

static void end_machine(struct machine *m)
{
    if (m->pid > 0) {
        kill(m->pid, SIGKILL);
        (void)waitpid(m->pid, NULL, 0);
    }
    (void)close(m->from);
    (void)close(m->output);
}

int bench_scale(const struct bench *b, const struct bench_job *j, struct bench_scaling *s)
{
    const unsigned n = j->cpus, turns = MAX(b->runs, BENCH_TURNS_MIN);
    char output[] = "/tmp/orrery-bench-XXXXXX";
    struct machine m[MACHINES_MAX];
    int fd = n + 1 <= ARRAY_LEN(m) ? mkstemp(output) : -1;
    bool ok = fd >= 0;
    unsigned started = 0;

    if (fd < 0) {
        fprintf(stderr, "orrery bench: no file can be made in /tmp\n");
        return -1;
    }
    close(fd);
    s->n = 0;
    for (; ok && started <= n; started++) {
        m[started] = (struct machine){ .pid = -1, .from = -1, .output = -1 };
        ok = start_machine(b, j, started < n ? 1 : n, output, &m[started]);
    }
    ok = ok && run_once(m, n + 1) > 0; /* the start, and the work once: all is translated then */
    for (unsigned i = 0; ok && i < turns; i++)
        ok = take_turn(m, n, i & 1, s);
    for (unsigned i = 0; i < started; i++)
        end_machine(&m[i]);
    if (ok)
        unlink(output);
    else
        fprintf(stderr, "orrery bench: %s under %s ended before it was to; its output is in %s\n", j->name, b->orrery, output);
    return ok ? 0 : -1;
}
