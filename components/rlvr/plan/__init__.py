"""What a method needs of GPUs, hosts and disks before anything is started: plain arithmetic on published figures."""
