"""The visitor: a wallet, enrolment, passes, the QR screen and check-ins by a poster's link."""
