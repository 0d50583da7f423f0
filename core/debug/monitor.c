/* SPDX-License-Identifier: Apache-2.0 */
#include "core/debug/monitor.h"
#include "core/cpu/regs.h"
#include "core/device/device.h"
#include "mmu/tlb.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct output {
    void (*text)(void *arg, const char *text);
    void *arg;
};

PRINTF_LIKE(2, 3) static void say(const struct output *o, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    o->text(o->arg, text);
}

static void info_registers(struct monitor *m, const struct output *o, const char *rest)
{
    const struct cpu *cpu = exec_cpu(m->exec, m->cpu);
    uint32_t n, column = 0;
    const struct cpu_reg *regs = cpu->isa->regs(cpu, &n);
    bool all = strcmp(rest, "-a") == 0;

    say(o, "CPU %u, %" PRIu64 " instructions, simulated time %.9f s\n", cpu->index, cpu_insns(cpu),
        (double)exec_time(m->exec) * 1e-12);
    for (uint32_t i = 0; i < n; i++) {
        if (!all && strcmp(regs[i].feature, regs[0].feature) != 0 && strcmp(regs[i].group, "csr") != 0)
            continue;
        uint64_t value = regs[i].get(cpu, regs[i].arg);
        if (!all && strcmp(regs[i].group, "csr") == 0 && value == 0)
            continue;
        say(o, "%-14s %016" PRIx64 "%s", regs[i].name, value, ++column % 3 ? "  " : "\n");
    }
    if (column % 3)
        say(o, "\n");
}

static void info_cpus(struct monitor *m, const struct output *o, const char *rest)
{
    static const char *const states[] = { "running", "idle", "off" };

    (void)rest;
    for (uint32_t i = 0; i < exec_n_cpus(m->exec); i++) {
        const struct cpu *cpu = exec_cpu(m->exec, i);
        say(o, "%s CPU #%u: %s pc=%#" PRIx64 " %s, %" PRIu64 " instructions\n",
            i == m->cpu ? "*" : " ", i, cpu->name, cpu->pc, states[cpu->run], cpu_insns(cpu));
    }
}

static void mtree_line(void *arg, const char *text)
{
    say(arg, "%s\n", text);
}

static void info_mtree(struct monitor *m, const struct output *o, const char *rest)
{
    (void)rest;
    mem_print(m->machine->memory, mtree_line, (void *)(uintptr_t)o);
}

static void print_device(const struct device *d, const struct output *o)
{
    say(o, "%s (%s, %s)", d->id, d->ops->name, d->ops->spec ? d->ops->spec : "");
    if (d->guest_errors)
        say(o, ", %" PRIu64 " guest errors", d->guest_errors);
    say(o, "\n");
}

/* "info qtree": the parts; "info device ID": its registers, without side effects. */
static void info_devices(struct monitor *m, const struct output *o, const char *rest)
{
    (void)rest;
    for (const struct device *d = m->machine->devices; d; d = d->next)
        print_device(d, o);
}

static void info_device(struct monitor *m, const struct output *o, const char *rest)
{
    const struct device *d = device_find(m->machine, rest);

    if (!d) {
        say(o, "there is no device '%s'; 'info devices' lists them\n", rest);
        return;
    }
    print_device(d, o);
    for (uint32_t i = 0; i < d->ops->n_regs; i++) {
        const struct reg_desc *r = &d->ops->regs[i];
        for (uint32_t k = 0; k < MAX(r->count, 1u); k++) {
            uint64_t value = reg_peek(d, r, k);
            if (r->count > 1 && value == 0)
                continue; /* banks are long and mostly empty */
            say(o, "  %06x %s", r->offset + k * (r->stride ? r->stride : r->width), r->name);
            if (r->count > 1)
                say(o, "[%u]", k);
            say(o, " = %#" PRIx64 "\n", value);
        }
    }
}

static void info_status(struct monitor *m, const struct output *o, const char *rest)
{
    (void)rest;
    say(o, "VM status: %s, simulated time %.9f s\n",
        m->machine->stop == MACHINE_RUNS ? "running" : "stopped", (double)exec_time(m->exec) * 1e-12);
}

static void info_jit(struct monitor *m, const struct output *o, const char *rest)
{
    struct exec_stat stats[64];
    uint32_t n = exec_stats(m->exec, stats, ARRAY_LEN(stats));

    (void)rest;
    for (uint32_t i = 0; i < n; i++)
        say(o, "%-28s %16" PRIu64 " %s\n", stats[i].name, stats[i].value, stats[i].unit);
}

static void info_version(struct monitor *m, const struct output *o, const char *rest)
{
    (void)m;
    (void)rest;
    say(o, "orrery " ORRERY_VERSION "\n");
}

static void info_block(struct monitor *m, const struct output *o, const char *rest)
{
    const char *drive, *path;
    bool locked;

    (void)rest;
    for (uint32_t i = 0; m->ops.list_media && m->ops.list_media(m->ops.arg, i, &drive, &path, &locked); i++)
        say(o, "%s: %s\n    Removable device: %slocked\n", drive, path[0] ? path : "[not inserted]", locked ? "" : "not ");
}

static const struct info {
    const char *name;
    void (*print)(struct monitor *m, const struct output *o, const char *rest);
    const char *help;
} infos[] = {
    { "registers", info_registers, "general and non-zero control registers; -a: all" },
    { "cpus", info_cpus, "all CPUs" },
    { "mtree", info_mtree, "the physical address map" },
    { "devices", info_devices, "all parts" },
    { "qtree", info_devices, NULL },
    { "device", info_device, "registers of one part: info device plic" },
    { "status", info_status, "running or stopped, and the time" },
    { "block", info_block, "CD-ROM drives and their discs" },
    { "jit", info_jit, "translator counters" },
    { "version", info_version, "of Orrery" },
};

static void cmd_info(struct monitor *m, const struct output *o, const char *rest)
{
    size_t n = strcspn(rest, " ");

    for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
        if (n && strlen(infos[i].name) == n && strncmp(infos[i].name, rest, n) == 0) {
            infos[i].print(m, o, rest + n + strspn(rest + n, " "));
            return;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(infos); i++)
        if (infos[i].help)
            say(o, "info %-12s %s\n", infos[i].name, infos[i].help);
}

/* "x/8gx ADDR", "xp/4wx ADDR": count, format (x or i), size (b h w g). */
static void examine(struct monitor *m, const struct output *o, const char *format, const char *rest,
                    bool physical)
{
    struct cpu *cpu = exec_cpu(m->exec, m->cpu);
    static const struct mem_attrs attrs = { .debug = 1 };
    unsigned count = 1, size = 4;
    bool code = false;
    char *end;

    if (*format == '/') {
        count = (unsigned)strtoul(format + 1, &end, 10);
        count = count == 0 ? 1 : MIN(count, 4096u);
        for (; *end; end++) {
            code |= *end == 'i';
            size = *end == 'b' ? 1 : *end == 'h' ? 2 : *end == 'w' ? 4 : *end == 'g' ? 8 : size;
        }
    }
    const struct cpu_reg *reg = *rest == '$' ? cpu_find_reg(cpu, rest + 1) : NULL;
    uint64_t addr = reg ? reg->get(cpu, reg->arg) : strtoull(rest, &end, 0);
    if (*rest == 0 || (*rest == '$' && !reg)) {
        say(o, "usage: x/COUNT{x|i}{b|h|w|g} ADDRESS or $REGISTER\n");
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[16] = { 0 };
        size_t n = code ? sizeof(bytes) : size;
        n = MIN(n, code ? MEM_PAGE - addr % MEM_PAGE : n);
        int r = physical ? (mem_read(m->machine->memory, addr, bytes, n, &attrs) == MEM_OK ? 0 : -1)
                         : mmu_debug_read(cpu, addr, bytes, n);
        if (r < 0) {
            say(o, "%016" PRIx64 ": cannot be read\n", addr);
            return;
        }
        if (code) {
            char text[128];
            unsigned length = cpu->isa->disassemble(cpu, addr, bytes, n, text, sizeof(text));
            if (length == 0)
                snprintf(text, sizeof(text), "(not an instruction)");
            say(o, "%016" PRIx64 ": %s\n", addr, text);
            addr += length ? length : 2;
            continue;
        }
        if (i % (16 / size) == 0)
            say(o, "%s%016" PRIx64 ":", i ? "\n" : "", addr);
        uint64_t value = 0;
        memcpy(&value, bytes, size);
        say(o, " 0x%0*" PRIx64, (int)size * 2, value);
        addr += size;
    }
    if (!code)
        say(o, "\n");
}

static void cmd_cpu(struct monitor *m, const struct output *o, const char *rest)
{
    char *end;
    unsigned long n = strtoul(rest, &end, 0);

    if (end == rest || n >= exec_n_cpus(m->exec))
        say(o, "there are CPUs 0 to %u\n", exec_n_cpus(m->exec) - 1);
    else
        m->cpu = (uint32_t)n;
}

static void cmd_quit(struct monitor *m, const struct output *o, const char *rest)
{
    (void)o;
    (void)rest;
    machine_stop(m->machine, MACHINE_QUIT, 0);
}

static void cmd_reset(struct monitor *m, const struct output *o, const char *rest)
{
    (void)o;
    (void)rest;
    machine_stop(m->machine, MACHINE_RESET, 0);
}

static void cmd_powerdown(struct monitor *m, const struct output *o, const char *rest)
{
    struct err e = { 0 };

    (void)rest;
    if (!m->ops.power_key)
        say(o, "there is no power key\n");
    else if (m->ops.power_key(m->ops.arg, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_wakeup(struct monitor *m, const struct output *o, const char *rest)
{
    struct err e = { 0 };

    (void)rest;
    if (!m->ops.wake)
        say(o, "this machine does not sleep\n");
    else if (m->ops.wake(m->ops.arg, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_save(struct monitor *m, const struct output *o, const char *rest)
{
    struct err e = { 0 };

    if (*rest == 0 || !m->ops.save)
        say(o, "usage: savevm FILE\n");
    else if (m->ops.save(m->ops.arg, rest, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_load(struct monitor *m, const struct output *o, const char *rest)
{
    struct err e = { 0 };

    if (*rest == 0 || !m->ops.load)
        say(o, "usage: loadvm FILE\n");
    else if (m->ops.load(m->ops.arg, rest, &e) < 0)
        say(o, "%s\n", e.text);
}

/* "bus_error BASE+SIZE", "bus_error off BASE" */
static void cmd_bus_error(struct monitor *m, const struct output *o, const char *rest)
{
    struct err e = { 0 };
    bool off = strncmp(rest, "off", 3) == 0;
    const char *range = off ? rest + 3 + strspn(rest + 3, " ") : rest;

    if (*range == 0 || !m->ops.bus_error)
        say(o, "usage: bus_error BASE+SIZE, or bus_error off BASE\n");
    else if (m->ops.bus_error(m->ops.arg, range, !off, &e) < 0)
        say(o, "%s\n", e.text);
}

/* "screendump FILE [-f png|ppm] [DISPLAY]", the options in any place */
static void cmd_screendump(struct monitor *m, const struct output *o, const char *rest)
{
    char words[512], *next = words;
    const char *path = NULL, *format = NULL, *display = NULL;
    struct err e = { 0 };
    bool wrong = false;

    snprintf(words, sizeof(words), "%s", rest);
    for (char *word; (word = strsep(&next, " \t")) != NULL;) {
        if (*word == 0)
            continue;
        if (strcmp(word, "-f") == 0 && next && !format)
            format = strsep(&next, " \t");
        else if (!path)
            path = word;
        else if (!display)
            display = word;
        else
            wrong = true;
    }
    if (!path || wrong)
        say(o, "usage: screendump FILE [-f png|ppm] [DISPLAY]\n");
    else if (!m->ops.screendump)
        say(o, "there is no display\n");
    else if (m->ops.screendump(m->ops.arg, path, format, display, &e) < 0)
        say(o, "%s\n", e.text);
}

/* The next word of *text, cut off there; NULL at the end. */
static char *next_word(char **text)
{
    char *word;

    do
        word = strsep(text, " \t");
    while (word && *word == 0);
    return word;
}

/* "change DRIVE FILE [-f] [FORMAT]", "eject [-f] DRIVE": the flag in any place */
static void medium(struct monitor *m, const struct output *o, const char *rest, bool eject)
{
    char words[1200], *text = words, *said[3] = { NULL };
    bool force = false, wrong = false;
    struct err e = { 0 };
    unsigned n = 0, most = eject ? 1 : 3;

    snprintf(words, sizeof(words), "%s", rest);
    for (char *word; (word = next_word(&text)) != NULL;) {
        if (strcmp(word, "-f") == 0)
            force = true;
        else if (n < most)
            said[n++] = word;
        else
            wrong = true;
    }
    if (wrong || n < (eject ? 1u : 2u))
        say(o, eject ? "usage: eject [-f] DRIVE\n" : "usage: change DRIVE FILE [raw|qcow2] [-f]\n");
    else if (!m->ops.change_medium)
        say(o, "there are no drives\n");
    else if (m->ops.change_medium(m->ops.arg, said[0], said[1], said[2], force, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_change(struct monitor *m, const struct output *o, const char *rest)
{
    medium(m, o, rest, false);
}

static void cmd_eject(struct monitor *m, const struct output *o, const char *rest)
{
    medium(m, o, rest, true);
}

#define HOLD_MS 100 /* QEMU's */

static void cmd_sendkey(struct monitor *m, const struct output *o, const char *rest)
{
    char keys[128] = "", end;
    unsigned hold_ms = HOLD_MS;
    struct err e = { 0 };
    int n = sscanf(rest, "%127s %u %c", keys, &hold_ms, &end);

    if (n < 1 || n > 2 || (n == 1 && rest[strcspn(rest, " ")] != 0))
        say(o, "usage: sendkey KEY[-KEY...] [MILLISECONDS]\n");
    else if (!m->ops.send_keys)
        say(o, "there is no keyboard\n");
    else if (m->ops.send_keys(m->ops.arg, keys, hold_ms, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_mouse_move(struct monitor *m, const struct output *o, const char *rest)
{
    int dx, dy, dz = 0;
    struct err e = { 0 };
    char end;
    int n = sscanf(rest, "%d %d %d %c", &dx, &dy, &dz, &end);

    if (n < 2 || n > 3)
        say(o, "usage: mouse_move DX DY [DZ]\n");
    else if (!m->ops.mouse_move)
        say(o, "there is no mouse\n");
    else if (m->ops.mouse_move(m->ops.arg, dx, dy, dz, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_mouse_button(struct monitor *m, const struct output *o, const char *rest)
{
    unsigned pressed;
    struct err e = { 0 };
    char end;

    if (sscanf(rest, "%u %c", &pressed, &end) != 1)
        say(o, "usage: mouse_button SUM of 1 (left), 2 (middle), 4 (right)\n");
    else if (!m->ops.mouse_button)
        say(o, "there is no mouse\n");
    else if (m->ops.mouse_button(m->ops.arg, pressed, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_log(struct monitor *m, const struct output *o, const char *rest)
{
    struct err e = { 0 };

    if (log_configure(m->machine->log, rest, &e) < 0)
        say(o, "%s\n", e.text);
}

static void cmd_help(struct monitor *m, const struct output *o, const char *rest);

static const struct command {
    const char *name;
    void (*run)(struct monitor *m, const struct output *o, const char *rest);
    const char *help;
} commands[] = {
    { "help", cmd_help, "this list" },
    { "info", cmd_info, "look at something: 'info' alone lists what" },
    { "x", NULL, "x/8gx ADDR: memory as the CPU sees it; x/8i $pc: instructions" },
    { "xp", NULL, "the same at physical addresses" },
    { "cpu", cmd_cpu, "select a CPU for info and x" },
    { "system_reset", cmd_reset, "reset the machine" },
    { "system_powerdown", cmd_powerdown, "press the power key" },
    { "system_wakeup", cmd_wakeup, "wake a machine that sleeps" },
    { "savevm", cmd_save, "savevm FILE: write a snapshot" },
    { "loadvm", cmd_load, "loadvm FILE: go back to a snapshot" },
    { "bus_error", cmd_bus_error, "bus_error BASE+SIZE: errors for physical addresses; bus_error off BASE" },
    { "screendump", cmd_screendump, "screendump FILE [-f png|ppm] [DISPLAY]: what a display shows" },
    { "change", cmd_change, "change DRIVE FILE [raw|qcow2] [-f]: another disc" },
    { "eject", cmd_eject, "eject [-f] DRIVE: take the disc out" },
    { "sendkey", cmd_sendkey, "sendkey KEY[-KEY...] [MILLISECONDS]: sendkey ctrl-alt-delete" },
    { "mouse_move", cmd_mouse_move, "mouse_move DX DY [DZ]" },
    { "mouse_button", cmd_mouse_button, "mouse_button N: 1 left, 2 middle, 4 right, or their sum" },
    { "log", cmd_log, "log CATEGORY=LEVEL,..." },
    { "quit", cmd_quit, "end the emulator" },
    { "q", cmd_quit, NULL },
};

static void cmd_help(struct monitor *m, const struct output *o, const char *rest)
{
    (void)m;
    (void)rest;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (commands[i].help)
            say(o, "%-14s %s\n", commands[i].name, commands[i].help);
}

void monitor_command(struct monitor *m, const char *line, void (*out)(void *arg, const char *text),
                     void *arg)
{
    struct output o = { .text = out, .arg = arg };

    line += strspn(line, " \t");
    size_t n = strcspn(line, " \t/\r\n");
    const char *rest = line + n;
    char word[32], format[16] = "", argument[1024];

    snprintf(word, sizeof(word), "%.*s", (int)MIN(n, sizeof(word) - 1), line);
    if (*rest == '/') {
        size_t k = strcspn(rest, " \t\r\n");
        snprintf(format, sizeof(format), "%.*s", (int)MIN(k, sizeof(format) - 1), rest);
        rest += k;
    }
    rest += strspn(rest, " \t");
    snprintf(argument, sizeof(argument), "%.*s", (int)strcspn(rest, "\r\n"), rest);
    if (strcmp(word, "x") == 0 || strcmp(word, "xp") == 0) {
        examine(m, &o, format, argument, word[1] == 'p');
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].run && strcmp(word, commands[i].name) == 0) {
            commands[i].run(m, &o, argument);
            return;
        }
    }
    if (word[0])
        say(&o, "unknown command: '%s'; 'help' lists them\n", word);
}
