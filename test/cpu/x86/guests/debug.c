/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug exceptions: SDM volume 3, 18.2, 18.3, 18.4.4; where near branches fault (volume 2, JMP, CALL, RET). The handler
 * notes RIP, DR6 and RCX of each #DB and goes on; addresses are labels in the code that is watched.
 */
#include "guest.h"

enum { BS = 0x4000, BD = 0x2000, FIXED = 0xffff0ff0u };
struct trap {
    uint64_t rip, dr6, rcx;
};
struct trap traps[64];
uint64_t n_traps, bp_rip;
uint8_t watched[64] __attribute__((aligned(64)));
extern const char on_debug[], on_break[];

__asm__("on_debug:\n"
        "  push %rax\n  push %rdx\n  push %rcx\n"
        "  mov n_traps, %rdx\n  and $63, %rdx\n  lea (%rdx,%rdx,2), %rdx\n  shl $3, %rdx\n"
        "  mov 24(%rsp), %rax\n  mov %rax, traps(%rdx)\n"
        "  mov %dr6, %rax\n  mov %rax, traps + 8(%rdx)\n"
        "  mov %rcx, traps + 16(%rdx)\n"
        "  incq n_traps\n"
        "  orl $0x10000, 40(%rsp)\n" /* RF: past a breakpoint on an instruction */
        "  mov $0x1d9, %ecx\n  rdmsr\n  or debugctl, %eax\n  wrmsr\n" /* BTF was cleared */
        "  pop %rcx\n  pop %rdx\n  pop %rax\n  iretq\n"
        "on_break:\n"
        "  push %rax\n  mov 8(%rsp), %rax\n  mov %rax, bp_rip\n  pop %rax\n  iretq\n");
uint64_t debugctl;

#define WRITE_DR(n, v) __asm__ volatile("mov %0, %%dr" #n ::"r"((uint64_t)(v)) : "memory")
#define READ_DR(n)     ({ uint64_t v_; __asm__ volatile("mov %%dr" #n ", %0" : "=r"(v_)); v_; })
#define AT(label)      ({ extern const char label[]; (uint64_t)label; })

static void arm(const void *at, uint64_t dr7)
{
    n_traps = 0;
    WRITE_DR(6, 0);
    WRITE_DR(1, at);
    WRITE_DR(7, dr7 | 0x400);
}

#define TRAPS(n)              CHECK(n_traps, n)
#define TRAP(i, label, bits)                                                                       \
    do {                                                                                           \
        CHECK(traps[i].rip, AT(label));                                                            \
        CHECK(traps[i].dr6, FIXED | (bits));                                                       \
    } while (0)

/* ---- data: DR1, 4 bytes at watched + 16 ---- */
static void data(void)
{
    enum { WRITES = 0x00d00008, BOTH = 0x00f00008 };
    arm(watched + 16, WRITES);
    __asm__ volatile("mov $1, %%eax\n mov %%rax, watched + 12\n w1: nop" ::: "rax", "memory"); /* its upper half */
    TRAPS(1);
    TRAP(0, w1, 2);
    __asm__ volatile("mov watched + 16, %%rax\n movl $1, watched + 12\n movb $1, watched + 20" ::: "rax", "memory");
    TRAPS(1); /* a load, and its neighbours */
    __asm__ volatile("lock incl watched + 16\n w2: movups %%xmm0, watched + 8\n w3: nop" ::: "memory");
    TRAPS(3);
    TRAP(1, w2, 2);
    TRAP(2, w3, 2);
    __asm__ volatile("mov %%rsp, %%rbx\n mov $watched + 24, %%esp\n push %%rax\n w4: mov %%rbx, %%rsp" ::: "rbx", "memory");
    TRAPS(4);
    TRAP(3, w4, 2);
    arm(watched + 16, BOTH);
    __asm__ volatile("mov watched + 19, %%al\n w5: mov watched + 15, %%al" ::: "rax");
    TRAPS(1);
    TRAP(0, w5, 2);
    /* Between the elements of a repetition: RIP is its own, RCX what is left */
    arm(watched + 16, WRITES);
    __asm__ volatile("mov $watched + 14, %%edi\n mov $8, %%ecx\n cld\n r1: rep stosb" ::: "rcx", "rdi", "memory");
    TRAPS(4);
    for (unsigned i = 0; i < 4; i++) {
        TRAP(i, r1, 2);
        CHECK(traps[i].rcx, 5 - i);
    }
    /* What is not enabled is told along with what is, never alone */
    WRITE_DR(0, watched + 32);
    arm(watched + 32, 0x00dd0008);
    __asm__ volatile("movl $1, watched + 32\n" ::: "memory");
    TRAPS(1);
    CHECK(traps[0].dr6, FIXED | 3);
    arm(watched + 32, 0x00dd0000);
    __asm__ volatile("movl $1, watched + 32\n" ::: "memory");
    TRAPS(0);
}

/* ---- MOV SS holds the trap back for one instruction (7.8.3) ---- */
static void stack_segment(void)
{
    *(volatile uint32_t *)(void *)(watched + 16) = 0x10;
    arm(watched + 16, 0x00f00008);
    __asm__ volatile("mov watched + 16, %%ss\n nop\n s1: nop" ::: "memory");
    TRAPS(1);
    TRAP(0, s1, 2);
    __asm__ volatile("mov watched + 16, %%ss\n int3\n s2: nop" ::: "memory");
    TRAPS(2); /* before #BP's handler begins */
    CHECK(traps[1].rip, (uint64_t)on_break);
    CHECK(bp_rip, AT(s2));
    __asm__ volatile("mov watched + 16, %%ss\n .byte 0xf1\n s3: nop" ::: "memory");
    TRAPS(3); /* INT1 tells of both */
    TRAP(2, s3, 2);
    WRITE_DR(6, BS);
    __asm__ volatile("mov watched + 16, %%ss\n int $1\n s4: nop" ::: "memory");
    TRAPS(5); /* the second is taken first, at the handler's first instruction */
    CHECK(traps[3].rip, (uint64_t)on_debug);
    CHECK(traps[3].dr6, FIXED | BS | 2);
    CHECK(traps[4].rip, AT(s4));
    arm(watched, 0);
    WRITE_DR(6, 5);
    __asm__ volatile("int $1\n");
    CHECK(traps[0].dr6, FIXED | 5); /* INT 1 leaves DR6 alone */
}

static void code_and_ports(void)
{
    arm(NULL, 0);
    WRITE_DR(1, AT(c1));
    WRITE_DR(7, 0x408);
    __asm__ volatile("nop\n c1: nop\n nop");
    TRAPS(1);
    TRAP(0, c1, 2);
    /* of a repetition: once, before its first element */
    static uint8_t buffer[10000], *at;
    arm(NULL, 0);
    WRITE_DR(1, AT(c2));
    WRITE_DR(7, 0x408);
    __asm__ volatile("mov $10000, %%ecx\n cld\n c2: rep stosb" : "=D"(at) : "0"(buffer) : "rcx", "memory");
    TRAPS(1);
    CHECK(traps[0].rcx, 10000);
    WRITE_CR(4, READ_CR(4) | 8); /* DE */
    arm((void *)0x80, 0x00e00008);
    __asm__ volatile("out %%al, $0x80\n p1: out %%al, $0x84\n in $0x83, %%al\n p2: in $0x7f, %%al" ::: "rax");
    TRAPS(2);
    TRAP(0, p1, 2);
    TRAP(1, p2, 2);
    arm(NULL, 0x2000); /* GD: before DR7 can be read */
    __asm__ volatile("g1: mov %%dr7, %%rax" ::: "rax");
    TRAPS(1);
    TRAP(0, g1, BD);
    CHECK(READ_DR(7), 0x400);
    WRITE_CR(4, READ_CR(4) & ~8ull);
}

/* ---- TF, alone and with IA32_DEBUGCTL.BTF ---- */
static void steps(void)
{
    arm(NULL, 0);
    __asm__ volatile("pushfq\n pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n t1: nop\n t2: popfq\n t3: nop" ::: "memory");
    TRAPS(3);
    TRAP(0, t1, BS);
    TRAP(1, t2, BS);
    TRAP(2, t3, BS);
    arm(NULL, 0);
    debugctl = 2;
    wrmsr(0x1d9, 2);
    __asm__ volatile("pushfq\n pushfq\n orl $0x100, (%%rsp)\n mov $2, %%ecx\n popfq\n"
                     "b1: nop\n loop b1\n"         /* once taken, once not */
                     "jmp b2\n b2: nop\n"          /* to what follows it is a branch, too */
                     "call b3\n b4: nop\n popfq\n jmp b5\n b3: ret\n b5: nop" ::: "rcx", "memory");
    debugctl = 0;
    wrmsr(0x1d9, 0);
    TRAPS(4);
    TRAP(0, b1, BS);
    CHECK(traps[0].rcx, 1);
    TRAP(1, b2, BS);
    TRAP(2, b3, BS);
    TRAP(3, b4, BS);
    WRITE_DR(6, 0);
}

/* ---- targets that are not canonical: #GP(0) at the branch, nothing changed ---- */
static uint64_t far_away = 0xaaaaaaaaaaaaaaaa;
static void jump_there(void *arg) { (void)arg; __asm__ volatile("n1: jmp *%0" ::"m"(far_away)); }
static void call_there(void *arg) { (void)arg; __asm__ volatile("mov %%rsp, %%rbx\n n2: call *%0" ::"r"(far_away) : "rbx"); }
static void return_there(void *arg) { (void)arg; __asm__ volatile("push %0\n n3: ret" ::"r"(far_away)); }

static void branches(void)
{
    CHECK(try_call(jump_there, NULL), 13);
    CHECK(caught.rip, AT(n1));
    CHECK(caught.error, 0);
    CHECK(try_call(call_there, NULL), 13);
    CHECK(caught.rip, AT(n2));
    CHECK(try_call(return_there, NULL), 13);
    CHECK(caught.rip, AT(n3));
    CHECK(*(uint64_t *)caught.rsp, far_away);
    far_away = 0x0000800000000000;
    CHECK(try_call(jump_there, NULL), 13);
    CHECK(caught.rip, AT(n1));
    far_away = 0x00007ffffffff000; /* canonical: not mapped */
    CHECK(try_call(jump_there, NULL), 14);
    CHECK(caught.rip, far_away);
}

int main(void)
{
    set_gate(1, on_debug);
    set_gate(3, on_break);
    data();
    stack_segment();
    code_and_ports();
    steps();
    branches();
    PASSED("debug");
    power_off();
}
