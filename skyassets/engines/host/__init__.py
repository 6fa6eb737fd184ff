"""The local machine: hardware, environment, Git checkout, toolchain, metering and watchdog."""
