# SPDX-License-Identifier: Apache-2.0
# Benchmark kernels: each source is compiled for the guests and for the host; the host's run gives
# the checksum that the guest must print. Built by the target `bench-kernels` where there are cross compilers.
find_program(RISCV64_CC riscv64-linux-gnu-gcc)
find_program(ARM64_CC aarch64-linux-gnu-gcc)
find_program(AMD64_CC x86_64-linux-gnu-gcc)
find_program(LOONG64_CC NAMES clang-19 clang)
find_program(LOONG64_LD NAMES ld.lld-19 ld.lld)
add_custom_target(bench-kernels)
set(BENCH_SOURCE ${CMAKE_SOURCE_DIR}/tools/bench/kernels)
set(BENCH_FLAGS_riscv64 -march=rv64gc -mabi=lp64d -mcmodel=medany)
set(BENCH_FLAGS_arm64 -march=armv8-a -mno-outline-atomics)
set(BENCH_FLAGS_amd64 -march=x86-64)
set(BENCH_FLAGS_amd64_matmul -mavx2)
set(BENCH_FLAGS_loong64 -march=loongarch64 -mabi=lp64d)
set(BENCH_FLAGS_loong64_matmul -mlsx)
set(BENCH_LINK -Wl,--no-warn-rwx-segments) # GNU's linker's; others do not know it
set(BENCH_LINK_riscv64 ${BENCH_LINK})
set(BENCH_LINK_arm64 ${BENCH_LINK})
set(BENCH_LINK_amd64 ${BENCH_LINK})
set(BENCH_CC_riscv64 ${RISCV64_CC})
set(BENCH_CC_arm64 ${ARM64_CC})
set(BENCH_CC_amd64 ${AMD64_CC})
if(LOONG64_CC AND LOONG64_LD)
  set(BENCH_CC_loong64 ${LOONG64_CC} --target=loongarch64-linux-gnu --ld-path=${LOONG64_LD})
endif()
foreach(arch riscv64 arm64 amd64 loong64)
  if(NOT BENCH_CC_${arch})
    continue()
  endif()
  set(BENCH_OUT ${CMAKE_BINARY_DIR}/bench/${arch})
  file(MAKE_DIRECTORY ${BENCH_OUT})
  foreach(kernel embedded procedures quicksort trees hashing nbody mandelbrot spectral fft matmul memory branchy calls syscalls)
    set(sources ${BENCH_SOURCE}/start_${arch}.S ${BENCH_SOURCE}/guest.c ${BENCH_SOURCE}/${kernel}.c)
    add_custom_command(OUTPUT ${BENCH_OUT}/${kernel}.elf
      COMMAND ${BENCH_CC_${arch}} -O2 ${BENCH_FLAGS_${arch}} ${BENCH_FLAGS_${arch}_${kernel}} -ffreestanding -fno-pic
        -ffp-contract=off -fno-math-errno -nostdlib -static -Wl,-T,${BENCH_SOURCE}/${arch}.ld -Wl,--build-id=none
        ${BENCH_LINK_${arch}} -I${BENCH_SOURCE} -o ${BENCH_OUT}/${kernel}.elf ${sources}
      DEPENDS ${sources} ${BENCH_SOURCE}/bench.h ${BENCH_SOURCE}/${arch}.ld VERBATIM)
    if(NOT TARGET bench-host-${kernel})
      add_executable(bench-host-${kernel} EXCLUDE_FROM_ALL ${BENCH_SOURCE}/host.c ${BENCH_SOURCE}/${kernel}.c)
      target_compile_options(bench-host-${kernel} PRIVATE -O2 -ffp-contract=off -fno-math-errno)
    endif()
    add_custom_command(OUTPUT ${BENCH_OUT}/${kernel}.sum
      COMMAND bench-host-${kernel} > ${BENCH_OUT}/${kernel}.sum DEPENDS bench-host-${kernel})
    add_custom_target(bench-kernel-${arch}-${kernel} DEPENDS ${BENCH_OUT}/${kernel}.elf ${BENCH_OUT}/${kernel}.sum)
    add_dependencies(bench-kernels bench-kernel-${arch}-${kernel})
  endforeach()
endforeach()
