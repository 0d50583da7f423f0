# SPDX-License-Identifier: Apache-2.0
# gdb against the stub: over a bare-metal program in each executor, and over Debian's kernel.
set(debug ${CMAKE_CURRENT_LIST_DIR})
find_program(RISCV_GCC riscv64-linux-gnu-gcc)
if(RISCV_GCC)
  set(debuggee ${CMAKE_CURRENT_BINARY_DIR}/debuggee.elf)
  add_custom_command(OUTPUT ${debuggee}
    COMMAND ${RISCV_GCC} -g -O1 -fno-pic -mcmodel=medany -fno-omit-frame-pointer -nostdlib -static
            -Wl,-N,--section-start=.text.start=0x80000000,-Ttext=0x80000100,--no-relax,--build-id=none,-e,_start,--no-warnings
            ${debug}/guest.c -o ${debuggee}
    DEPENDS ${debug}/guest.c)
  add_custom_target(debuggee ALL DEPENDS ${debuggee})
  add_test(NAME debug.bare.jit COMMAND ${debug}/bare $<TARGET_FILE:orrery> ${debuggee})
  add_test(NAME debug.bare.interp COMMAND ${debug}/bare $<TARGET_FILE:orrery> ${debuggee} --exec interp)
  set_tests_properties(debug.bare.jit debug.bare.interp PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 200)
  if(NOT ORRERY_SANITIZE)
    add_test(NAME debug.kernel COMMAND ${debug}/kernel $<TARGET_FILE:orrery>)
    set_tests_properties(debug.kernel PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 400 LABELS boot)
  endif()
endif()

# A PC from its reset vector on.
set(guests ${CMAKE_SOURCE_DIR}/test/cpu/x86/guests)
set(debuggee_x86 ${CMAKE_CURRENT_BINARY_DIR}/debuggee_x86)
add_custom_command(OUTPUT ${debuggee_x86}.bin
  COMMAND ${X86_ROM_CC} -g -O1 -fno-pie -no-pie -nostdlib -static -ffreestanding -mgeneral-regs-only -mno-red-zone -fno-stack-protector
          -fcf-protection=none -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -I${guests} -T${guests}/guest.ld
          -Wl,--build-id=none,--no-warnings ${debug}/x86_guest.c ${guests}/start.S ${guests}/tables.c -o ${debuggee_x86}.elf
  COMMAND ${X86_ROM_OBJCOPY} -O binary ${debuggee_x86}.elf ${debuggee_x86}.bin
  DEPENDS ${debug}/x86_guest.c ${guests}/start.S ${guests}/tables.c ${guests}/guest.ld)
add_custom_target(debuggee_x86 ALL DEPENDS ${debuggee_x86}.bin)
foreach(mode jit interp)
  add_test(NAME debug.x86.${mode} COMMAND ${debug}/x86 $<TARGET_FILE:orrery> ${debuggee_x86}.elf ${debuggee_x86}.bin --exec ${mode})
  set_tests_properties(debug.x86.${mode} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 200)
endforeach()
