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
