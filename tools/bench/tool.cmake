# SPDX-License-Identifier: Apache-2.0
# Benchmark kernels: each source is compiled for the guest and for the host; the host's run gives
# the checksum that the guest must print. Built by the target `bench-kernels` when a cross compiler is there.
find_program(RISCV64_CC riscv64-linux-gnu-gcc)
add_custom_target(bench-kernels)
if(RISCV64_CC)
  set(BENCH_SOURCE ${CMAKE_SOURCE_DIR}/tools/bench/kernels)
  set(BENCH_OUT ${CMAKE_BINARY_DIR}/bench/riscv64)
  file(MAKE_DIRECTORY ${BENCH_OUT})
  foreach(kernel integer nbody matmul memory branchy calls syscalls)
    add_custom_command(OUTPUT ${BENCH_OUT}/${kernel}.elf
      COMMAND ${RISCV64_CC} -O2 -march=rv64gc -mabi=lp64d -mcmodel=medany -ffreestanding -fno-pic
        -ffp-contract=off -fno-math-errno -nostdlib -static -Wl,-T,${BENCH_SOURCE}/riscv64.ld -Wl,--build-id=none
        -Wl,--no-warn-rwx-segments -I${BENCH_SOURCE} -o ${BENCH_OUT}/${kernel}.elf
        ${BENCH_SOURCE}/start_riscv64.S ${BENCH_SOURCE}/guest.c ${BENCH_SOURCE}/${kernel}.c
      DEPENDS ${BENCH_SOURCE}/start_riscv64.S ${BENCH_SOURCE}/guest.c ${BENCH_SOURCE}/${kernel}.c
        ${BENCH_SOURCE}/bench.h ${BENCH_SOURCE}/riscv64.ld VERBATIM)
    add_executable(bench-host-${kernel} EXCLUDE_FROM_ALL ${BENCH_SOURCE}/host.c ${BENCH_SOURCE}/${kernel}.c)
    target_compile_options(bench-host-${kernel} PRIVATE -O2 -ffp-contract=off -fno-math-errno)
    add_custom_command(OUTPUT ${BENCH_OUT}/${kernel}.sum
      COMMAND bench-host-${kernel} > ${BENCH_OUT}/${kernel}.sum DEPENDS bench-host-${kernel})
    add_custom_target(bench-kernel-${kernel} DEPENDS ${BENCH_OUT}/${kernel}.elf ${BENCH_OUT}/${kernel}.sum)
    add_dependencies(bench-kernels bench-kernel-${kernel})
  endforeach()
endif()
