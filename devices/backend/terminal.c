/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/char_impl.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/*
 * Raw mode of standard input. The terminal outlives the process and is shared
 * with the shell, so it must be put back however the process ends: exit() and
 * fatal signals know no machine to ask. Hence the one static of this room.
 */
static struct {
    volatile sig_atomic_t raw;
    bool installed;
    struct termios saved, mode;
} terminal;

static const int fatal[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGQUIT };

/* tcsetattr from the background stops the process unless SIGTTOU is blocked. */
static int set_mode(const struct termios *mode)
{
    sigset_t ttou, old;
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &ttou, &old);
    int rc = tcsetattr(STDIN_FILENO, TCSANOW, mode);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

void terminal_leave(void)
{
    if (terminal.raw) {
        terminal.raw = 0;
        set_mode(&terminal.saved);
    }
}

/* SA_RESETHAND: returning from it lets the signal end the process as it would have. */
static void on_fatal(int number)
{
    terminal_leave();
    raise(number);
}

static void install(void)
{
    if (terminal.installed)
        return;
    terminal.installed = true;
    atexit(terminal_leave);
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
        struct sigaction old, action = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND };
        /* Whoever handles faults himself (an executor, a sanitizer) keeps them. */
        if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(fatal[i], &action, NULL);
    }
}

int terminal_enter_raw(bool signals, struct err *e)
{
    if (!isatty(STDIN_FILENO))
        return 0;
    if (tcgetattr(STDIN_FILENO, &terminal.saved) < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot read the terminal's mode");
    struct termios t = terminal.saved;
    t.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    t.c_oflag |= OPOST;
    t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals)
        t.c_lflag &= ~(tcflag_t)ISIG;
    t.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    t.c_cflag |= CS8;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    terminal.mode = t;
    install();
    if (set_mode(&t) < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot set the terminal to raw mode");
    terminal.raw = 1;
    return 0;
}

void terminal_again(void)
{
    if (terminal.raw)
        set_mode(&terminal.mode);
}
