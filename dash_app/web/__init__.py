"""What every request passes on its way in and out, whichever front end it is for."""
