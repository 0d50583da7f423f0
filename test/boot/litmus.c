/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What four CPUs may see of each other's memory, as init of a stock kernel, without a library. Each test runs its
 * threads over rows of cells, counts the outcome that the architecture forbids between the right fences, and that
 * one without them where the architecture allows it: to show that the threads meet at all.
 *
 *     MP    x = 1; y = 1           ||  r0 = y; r1 = x             r0 = 1, r1 = 0
 *     SB    x = 1; r0 = y          ||  y = 1; r1 = x              r0 = 0, r1 = 0
 *     LB    r0 = x; y = 1          ||  r1 = y; x = 1              r0 = 1, r1 = 1
 *     IRIW  x = 1  ||  y = 1  ||  r0 = x; r1 = y  ||  r2 = y; r3 = x      1, 0, 1, 0
 *     stack  nodes are taken and given back by LR/SC (x86: CMPXCHG16B with a count): none is had twice (ABA)
 *     pair   (x86, AArch64) the halves of 16 bytes go up together by CMPXCHG16B or CASP: neither is seen without the other
 *     sum    atomic additions, and others by LR/SC (x86: CMPXCHG), of all CPUs to one place
 */
typedef unsigned long u64;
typedef unsigned int u32;

#define THREADS 4
#define CELLS   64
#ifndef ROUNDS
#define ROUNDS 300
#endif
#define NODES 16
#define TURNS 20000

/* ---- the four instruction sets ---- */
#if defined(__x86_64__)
enum { SYS_write = 1, SYS_yield = 24, SYS_reboot = 169, SYS_setaffinity = 203 };
static long sys(long n, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "+a"(n) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return n;
}
__asm__(".globl _start\n_start: and $-16,%rsp\n call run\n"
        "spawn: mov $56,%eax\n xor %edx,%edx\n xor %r10d,%r10d\n xor %r8d,%r8d\n syscall\n test %rax,%rax\n jnz 1f\n"
        " pop %rax\n pop %rdi\n call *%rax\n mov $60,%eax\n xor %edi,%edi\n syscall\n1: ret\n");
#define FULL()    __asm__ volatile("mfence" ::: "memory")
#define MP_W()    __asm__ volatile("" ::: "memory")
#define MP_R()    __asm__ volatile("" ::: "memory")
#define PAUSE()   __asm__ volatile("pause")
#elif defined(__aarch64__)
enum { SYS_write = 64, SYS_yield = 124, SYS_reboot = 142, SYS_setaffinity = 122 };
static long sys(long n, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
                  x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
__asm__(".globl _start\n_start: bl run\n"
        "spawn: mov x8,220\n mov x2,0\n mov x3,0\n mov x4,0\n svc 0\n cbnz x0,1f\n ldp x1,x0,[sp]\n blr x1\n mov x8,93\n"
        " svc 0\n1: ret\n");
#define FULL()    __asm__ volatile("dmb ish" ::: "memory")
#define MP_W()    __asm__ volatile("dmb ishst" ::: "memory")
#define MP_R()    __asm__ volatile("dmb ishld" ::: "memory")
#define PAUSE()   __asm__ volatile("yield")
#define LL(v, p)  __asm__ volatile("ldaxr %0,[%1]" : "=r"(v) : "r"(p) : "memory")
#define SC(f, v, p) __asm__ volatile("stlxr %w0,%1,[%2]" : "=&r"(f) : "r"(v), "r"(p) : "memory")
#elif defined(__riscv)
enum { SYS_write = 64, SYS_yield = 124, SYS_reboot = 142, SYS_setaffinity = 122 };
static long sys(long n, long a, long b, long c, long d)
{
    register long a7 __asm__("a7") = n, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c,
                  a3 __asm__("a3") = d;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
    return a0;
}
__asm__(".globl _start\n_start: .option push\n.option norelax\n la gp,__global_pointer$\n.option pop\n call run\n"
        "spawn: li a7,220\n li a2,0\n li a3,0\n li a4,0\n ecall\n bnez a0,1f\n ld a1,0(sp)\n ld a0,8(sp)\n jalr a1\n"
        " li a7,93\n ecall\n1: ret\n");
#define FULL()    __asm__ volatile("fence rw,rw" ::: "memory")
#define MP_W()    __asm__ volatile("fence w,w" ::: "memory")
#define MP_R()    __asm__ volatile("fence r,r" ::: "memory")
#define PAUSE()   __asm__ volatile("nop")
#define LL(v, p)  __asm__ volatile("lr.d.aq %0,(%1)" : "=r"(v) : "r"(p) : "memory")
#define SC(f, v, p) __asm__ volatile("sc.d.rl %0,%1,(%2)" : "=&r"(f) : "r"(v), "r"(p) : "memory")
#elif defined(__loongarch__)
enum { SYS_write = 64, SYS_yield = 124, SYS_reboot = 142, SYS_setaffinity = 122 };
static long sys(long n, long a, long b, long c, long d)
{
    register long a7 __asm__("$a7") = n, a0 __asm__("$a0") = a, a1 __asm__("$a1") = b, a2 __asm__("$a2") = c,
                  a3 __asm__("$a3") = d;
    __asm__ volatile("syscall 0"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3)
                     : "memory", "$t0", "$t1", "$t2", "$t3", "$t4", "$t5", "$t6", "$t7", "$t8");
    return a0;
}
__asm__(".globl _start\n_start: bl run\n"
        "spawn: ori $a7,$zero,220\n move $a2,$zero\n move $a3,$zero\n move $a4,$zero\n syscall 0\n bnez $a0,1f\n"
        " ld.d $t0,$sp,0\n ld.d $a0,$sp,8\n jirl $ra,$t0,0\n ori $a7,$zero,93\n syscall 0\n1: ret\n");
#define FULL()    __asm__ volatile("dbar 0x10" ::: "memory")
#define MP_W()    __asm__ volatile("dbar 0x1a" ::: "memory")
#define MP_R()    __asm__ volatile("dbar 0x15" ::: "memory")
#define PAUSE()   __asm__ volatile("nop")
#define LL(v, p)  __asm__ volatile("ll.d %0,%1,0" : "=r"(v) : "r"(p) : "memory")
#define SC(f, v, p)                                                                                                    \
    do {                                                                                                               \
        u64 sc_ = (v);                                                                                                 \
        __asm__ volatile("sc.d %0,%1,0" : "+r"(sc_) : "r"(p) : "memory");                                              \
        f = !sc_;                                                                                                      \
    } while (0)
#endif
long spawn(long flags, void *stack);

/* ---- output ---- */
static void print(const char *text)
{
    long n = 0;
    while (text[n])
        n++;
    sys(SYS_write, 1, (long)text, n, 0);
}

static void report(const char *name, const char *what, u64 n)
{
    char digits[24], *at = digits + 23;
    *at = 0;
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    print(name), print(what), print(at), print("\n");
}

/* ---- threads ---- */
static u64 stacks[THREADS][2048] __attribute__((aligned(16)));
static struct {
    volatile u64 arrived __attribute__((aligned(64)));
    volatile u64 go __attribute__((aligned(64)));
} gate;

static void meet(void)
{
    u64 go = gate.go;
    if (__atomic_add_fetch(&gate.arrived, 1, __ATOMIC_SEQ_CST) == THREADS) {
        gate.arrived = 0;
        __atomic_store_n(&gate.go, go + 1, __ATOMIC_SEQ_CST);
        return;
    }
    for (u32 n = 0; __atomic_load_n(&gate.go, __ATOMIC_ACQUIRE) == go; n++) {
        PAUSE();
        if (n % 1024 == 1023)
            sys(SYS_yield, 0, 0, 0, 0);
    }
}

static void dawdle(u64 *seed, u32 most)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    for (u32 n = (u32)(*seed >> 40) % most; n != 0; n--)
        __asm__ volatile("" ::: "memory");
}

/* ---- rows of cells ---- */
struct cell {
    volatile u64 x __attribute__((aligned(64)));
    volatile u64 y __attribute__((aligned(64)));
    volatile u64 r[4] __attribute__((aligned(64)));
};
static struct cell cells[CELLS];
static u64 failures;

enum { MP, SB, LB, IRIW, KINDS };
static const char *const names[] = { "MP", "SB", "LB", "IRIW" };

static void step(int kind, int thread, int fenced, struct cell *c)
{
#define BETWEEN(fence) if (fenced) fence
    switch (kind * 4 + thread) {
    case MP * 4: c->x = 1; BETWEEN(MP_W()); c->y = 1; break;
    case MP * 4 + 1: c->r[0] = c->y; BETWEEN(MP_R()); c->r[1] = c->x; break;
    case SB * 4: c->x = 1; BETWEEN(FULL()); c->r[0] = c->y; break;
    case SB * 4 + 1: c->y = 1; BETWEEN(FULL()); c->r[1] = c->x; break;
    case LB * 4: c->r[0] = c->x; BETWEEN(FULL()); c->y = 1; break;
    case LB * 4 + 1: c->r[1] = c->y; BETWEEN(FULL()); c->x = 1; break;
    case IRIW * 4: c->x = 1; break;
    case IRIW * 4 + 1: c->y = 1; break;
    case IRIW * 4 + 2: c->r[0] = c->x; BETWEEN(FULL()); c->r[1] = c->y; break;
    case IRIW * 4 + 3: c->r[2] = c->y; BETWEEN(FULL()); c->r[3] = c->x; break;
    }
}

/* STLR, LDAR and the like: a store and a later load, both sequentially consistent, keep their order. */
static void step_ordered(int thread, struct cell *c)
{
    if (thread == 0) {
        __atomic_store_n(&c->x, 1, __ATOMIC_SEQ_CST);
        c->r[0] = __atomic_load_n(&c->y, __ATOMIC_SEQ_CST);
    } else if (thread == 1) {
        __atomic_store_n(&c->y, 1, __ATOMIC_SEQ_CST);
        c->r[1] = __atomic_load_n(&c->x, __ATOMIC_SEQ_CST);
    }
}

static int is_odd_one(int kind, const struct cell *c)
{
    switch (kind) {
    case MP: return c->r[0] == 1 && c->r[1] == 0;
    case SB: return c->r[0] == 0 && c->r[1] == 0;
    case LB: return c->r[0] == 1 && c->r[1] == 1;
    default: return c->r[0] == 1 && c->r[1] == 0 && c->r[2] == 1 && c->r[3] == 0;
    }
}

/* fenced: 0 no, 1 fences, 2 ordered accesses (SB) */
static u64 rows(int kind, int fenced, int thread)
{
    u64 odd = 0, seed = (u64)thread * 77 + 5;
    for (u32 round = 0; round < ROUNDS; round++) {
        for (u32 i = (u32)thread; i < CELLS; i += THREADS)
            cells[i].x = cells[i].y = cells[i].r[0] = cells[i].r[1] = cells[i].r[2] = cells[i].r[3] = 0;
        meet();
        dawdle(&seed, 200);
        for (u32 i = 0; i < CELLS; i++)
            if (fenced == 2)
                step_ordered(thread, &cells[i]);
            else
                step(kind, thread, fenced, &cells[i]);
        meet();
        for (u32 i = 0; thread == 0 && i < CELLS; i++)
            odd += (u64)is_odd_one(kind, &cells[i]);
        meet();
    }
    return odd;
}

static void judge(int kind, int fenced, int thread)
{
    u64 odd = rows(kind, fenced, thread);
    if (thread != 0)
        return;
    report(names[kind], fenced == 2 ? " ordered: " : fenced ? " fenced: " : " plain: ", odd);
#if defined(__x86_64__)
    int forbidden = fenced || kind != SB; /* TSO */
#else
    int forbidden = fenced;
#endif
    failures += forbidden ? odd : 0;
}

/* ---- a stack ---- */
struct node {
    struct node *volatile next;
    volatile u64 owners;
} __attribute__((aligned(64)));
static struct node nodes[NODES];
static struct {
    struct node *volatile top;
    volatile u64 count;
} stack __attribute__((aligned(64)));
static u64 had_twice, sum __attribute__((aligned(64)));

#if defined(__x86_64__)
static int exchange_pair(volatile void *at, u64 old[2], u64 low, u64 high)
{
    unsigned char same;
    __asm__ volatile("lock cmpxchg16b %1\n sete %0"
                     : "=q"(same), "+m"(*(volatile u64(*)[2])at), "+a"(old[0]), "+d"(old[1])
                     : "b"(low), "c"(high)
                     : "memory", "cc");
    return same;
}

#elif defined(__aarch64__)
static int exchange_pair(volatile void *at, u64 old[2], u64 low, u64 high)
{
    register u64 x0 __asm__("x0") = old[0], x1 __asm__("x1") = old[1], x2 __asm__("x2") = low, x3 __asm__("x3") = high;
    __asm__ volatile("caspal x0,x1,x2,x3,[%4]" : "+r"(x0), "+r"(x1) : "r"(x2), "r"(x3), "r"(at) : "memory");
    int same = x0 == old[0] && x1 == old[1];
    old[0] = x0, old[1] = x1;
    return same;
}
#endif

#if defined(__x86_64__)
static struct node *pop(void)
{
    u64 old[2] = { (u64)stack.top, stack.count };
    for (;;) {
        struct node *n = (struct node *)old[0];
        if (!n)
            return 0;
        if (exchange_pair(&stack, old, (u64)n->next, old[1] + 1))
            return n;
    }
}

static void push(struct node *n)
{
    u64 old[2] = { (u64)stack.top, stack.count };
    do
        n->next = (struct node *)old[0];
    while (!exchange_pair(&stack, old, (u64)n, old[1] + 1));
}

static void add_other(u64 *to)
{
    u64 v = *(volatile u64 *)to;
    while (!__atomic_compare_exchange_n(to, &v, v + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
}
#else
static struct node *pop(void)
{
    struct node *n;
    u64 failed;
    do {
        LL(n, &stack.top);
        if (!n)
            return 0;
        struct node *next = n->next;
        SC(failed, (u64)next, &stack.top);
    } while (failed);
    return n;
}

static void push(struct node *n)
{
    struct node *top;
    u64 failed;
    do {
        top = stack.top;
        n->next = top;
        FULL();
        struct node *now;
        LL(now, &stack.top);
        failed = 1;
        if (now == top)
            SC(failed, (u64)n, &stack.top);
    } while (failed);
}

static void add_other(u64 *to)
{
    u64 v, failed;
    do {
        LL(v, to);
        SC(failed, v + 1, to);
    } while (failed);
}
#endif

static struct node *take(void)
{
    struct node *n = pop();
    if (n && __atomic_add_fetch(&n->owners, 1, __ATOMIC_SEQ_CST) != 1)
        __atomic_add_fetch(&had_twice, 1, __ATOMIC_SEQ_CST);
    return n;
}

static void give(struct node *n)
{
    if (!n)
        return;
    __atomic_sub_fetch(&n->owners, 1, __ATOMIC_SEQ_CST);
    push(n);
}

/* Two are taken and come back the other way round: the same top over another rest. */
static void use_stack(int thread)
{
    u64 seed = (u64)thread + 99;
    for (u32 i = 0; thread == 0 && i < NODES; i++)
        push(&nodes[i]);
    meet();
    for (u32 i = 0; i < TURNS; i++) {
        struct node *a = take(), *b = take();
        if (i % 64 == 0)
            dawdle(&seed, 100);
        give(a);
        give(b);
    }
    meet();
    if (thread != 0)
        return;
    u64 n = 0;
    for (struct node *at = stack.top; at && n <= NODES; at = at->next)
        n++;
    report("stack", " had twice: ", had_twice);
    report("stack", " nodes: ", n);
    failures += had_twice + (n != NODES);
}

static void add_up(int thread)
{
    meet();
    for (u32 i = 0; i < TURNS; i++) {
        if (i & 1)
            add_other(&sum);
        else
            __atomic_add_fetch(&sum, 1, __ATOMIC_SEQ_CST);
    }
    meet();
    if (thread != 0)
        return;
    report("sum", ": ", sum);
    failures += sum != (u64)THREADS * TURNS;
}

#if defined(__x86_64__) || defined(__aarch64__)
static volatile u64 pair[2] __attribute__((aligned(64)));
static u64 torn;

static void count_pairs(int thread)
{
    u64 old[2] = { 0, 0 };
    meet();
    for (u32 i = 0; i < TURNS; i++) {
        do
            if (old[1] != old[0] * 3)
                __atomic_add_fetch(&torn, 1, __ATOMIC_SEQ_CST);
        while (!exchange_pair(pair, old, old[0] + 1, old[1] + 3));
    }
    meet();
    if (thread != 0)
        return;
    report("pair", ": ", pair[0]);
    report("pair", " torn: ", torn);
    failures += torn + (pair[0] != (u64)THREADS * TURNS) + (pair[1] != 3ul * THREADS * TURNS);
}
#endif

static void thread(long number)
{
    u64 mask = 1ul << number;
    sys(SYS_setaffinity, 0, sizeof(mask), (long)&mask, 0);
    meet();
    for (int kind = 0; kind < KINDS; kind++)
        for (int fenced = 0; fenced < (kind == SB ? 3 : 2); fenced++)
            judge(kind, fenced, (int)number);
    use_stack((int)number);
#if defined(__x86_64__) || defined(__aarch64__)
    count_pairs((int)number);
#endif
    add_up((int)number);
    meet();
}

/* Under the kernel's eyes, too: threads, futexes and signals are not needed for it. */
__attribute__((used)) void run(void)
{
    for (long i = 1; i < THREADS; i++) {
        u64 *top = &stacks[i][2048 - 2];
        top[0] = (u64)thread;
        top[1] = (u64)i;
        spawn(0x50f00, top); /* CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
    }
    thread(0);
    print(failures ? "--- litmus failed ---\n" : "--- litmus passed ---\n");
    sys(SYS_reboot, (long)0xfee1dead, 672274793, 0x4321fedc, 0); /* power off */
    for (;;)
        sys(SYS_yield, 0, 0, 0, 0);
}
